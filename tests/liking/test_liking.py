import numpy as np
import pytest
from scipy.optimize import minimize

from bowerbird.errors import BundleError, DataError
from bowerbird.liking import Examples, Judge, LikingSettings, Student, auc, auc_at_equal, behaviour_of, calibration_error, fit
from bowerbird.liking.logistic import logistic
from bowerbird.types import History

SETTINGS = LikingSettings()


@pytest.fixture(scope="module")
def parts(log):
    """Three quarters of the users to learn from, the others to ask."""
    every = Examples.of_log(log, 10)
    return every.take(np.flatnonzero(every.users < 60)), every.take(np.flatnonzero(every.users >= 60))


@pytest.fixture(scope="module")
def judge(parts, vectors):
    return fit(parts[0], vectors, SETTINGS, np.random.default_rng(0)).judge


class TestExamples:
    def test_no_example_knows_what_came_later(self, log):
        every = Examples.of_log(log, 4)
        for row in range(0, len(every), 37):
            own = log.history(int(every.users[row]))
            place = own.items.tolist().index(every.targets[row])
            assert every.items[row][every.there[row]].tolist() == own.items[max(place - 4, 0) : place].tolist()
            assert every.labels[row] == (own.weights[place] > 0)

    def test_renumbered_examples_are_the_same_of_a_smaller_table(self, parts, vectors, judge):
        few = parts[1].take(np.arange(5))
        items = np.unique(np.concatenate((few.items[few.there], few.targets)))
        np.testing.assert_allclose(judge.logits(few.renumbered(items), vectors[items]), judge.logits(few, vectors))


def test_the_regression_is_at_the_bottom_of_its_cost():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.integers(2, size=30).astype(float)
    start, precision = rng.normal(size=4), np.array([0.5, 1, 2, 3.0])

    def cost(w):
        sign = 2 * y - 1
        return np.logaddexp(0, -sign * (X @ w)).sum() + 0.5 * precision @ (w - start) ** 2

    best = minimize(cost, start, tol=1e-12)
    np.testing.assert_allclose(logistic(X, y, start, precision), best.x, atol=1e-4)


class TestFit:
    def test_it_foretells_more_than_the_share_of_likes(self, parts, vectors, judge):
        asked = parts[1]
        shares = judge.shares(asked)
        said = judge.logits(asked, vectors)
        assert auc(said, asked.labels) > auc(shares, asked.labels) + 0.1
        assert auc_at_equal(said, shares, asked.labels) > 0.65

    def test_of_texts_dealt_out_anew_it_learns_next_to_nothing(self, parts, vectors, judge):
        dealt = np.random.default_rng(3).permutation(len(vectors))
        asked = parts[1]
        assert auc_at_equal(judge.logits(asked, vectors[dealt]), judge.shares(asked), asked.labels) < 0.6

    def test_without_examples_the_share_of_likes_ranks(self, parts, vectors):
        none = parts[0].take(np.zeros(0, np.intp))
        judge = fit(none, vectors, SETTINGS, np.random.default_rng(0)).judge
        said, shares = judge.logits(parts[1], vectors), judge.shares(parts[1])
        np.testing.assert_allclose(said, np.log(shares / (1 - shares)))

    def test_with_few_examples_it_stays_near_where_it_starts(self, parts, vectors, judge):
        few = fit(parts[1].take(np.arange(0, 200, 25)), vectors, SETTINGS, np.random.default_rng(0), start=judge).judge
        said, before = few.logits(parts[1], vectors), judge.logits(parts[1], vectors)
        assert np.corrcoef(said, before)[0, 1] > 0.98

    def test_it_is_calibrated(self, parts, vectors, judge):
        assert calibration_error(judge.probabilities(parts[1], vectors), parts[1].labels) < 0.1

    def test_an_item_beyond_the_vectors_is_refused(self, parts, vectors):
        with pytest.raises(DataError, match=r"item number 59 must be below the number of vectors, got 20"):
            fit(parts[0], vectors[:20], SETTINGS, np.random.default_rng(0))

    def test_a_users_order_of_events_does_not_matter_to_the_judge(self, parts, vectors, judge):
        asked = parts[1]
        turned = Examples(asked.items[:, ::-1], asked.likes[:, ::-1], asked.targets, asked.labels, asked.users)
        np.testing.assert_allclose(judge.logits(turned, vectors), judge.logits(asked, vectors))


class TestJudge:
    def test_read_again_it_says_the_same(self, judge, parts, vectors, tmp_path):
        judge.save(tmp_path / "ranker.safetensors")
        again = Judge.load(tmp_path / "ranker.safetensors")
        np.testing.assert_array_equal(again.logits(parts[1], vectors), judge.logits(parts[1], vectors))

    def test_another_file_is_refused(self, tmp_path):
        (tmp_path / "ranker.safetensors").write_bytes(b"no")
        with pytest.raises(BundleError, match="cannot be read as a ranker"):
            Judge.load(tmp_path / "ranker.safetensors")

    def test_vectors_of_another_encoder_are_refused(self, judge, parts, vectors):
        with pytest.raises(DataError, match=r"must have 6 numbers each, got shape \(60, 3\)"):
            judge.logits(parts[1], vectors[:, :3])


def as_histories(asked):
    return [
        History.of(items[there], np.where(likes[there], 1, -1))
        for items, likes, there in zip(asked.items, asked.likes, asked.there, strict=True)
    ]


@pytest.mark.parametrize("hears", [False, True])
def test_a_student_says_what_its_teacher_says(log, parts, vectors, hears):
    others = behaviour_of(log, vectors, SETTINGS) if hears else None
    judge = fit(parts[0], vectors, SETTINGS, np.random.default_rng(0), others=others).judge
    pupil, asked = Student(judge, others), parts[1]
    rows = pupil.query_vectors(as_histories(asked), vectors, 10)
    said = np.einsum("nd,nd->n", rows, pupil.item_vectors(vectors)[asked.targets])
    np.testing.assert_allclose(said, judge.logits(asked, vectors, others), atol=1e-4)


def test_the_auc_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(5, size=40).astype(float), rng.random(40) < 0.4
    gaps = scores[labels][:, None] - scores[~labels]
    assert auc(scores, labels) == pytest.approx(((gaps > 0) + 0.5 * (gaps == 0)).mean())
