"""What makes a causal transformer: later events change nothing before them, padding nothing at all, and the graph says what torch says."""

from dataclasses import replace

import models_world as world
import numpy as np
import pytest
import torch

from bowerbird.config import parse
from bowerbird.errors import BundleError, ConfigError, DataError
from bowerbird.models import Recipe, Sasrec
from bowerbird.models.graph import open_graph
from bowerbird.models.sasrec_fit import as_model, make_net, smaller
from bowerbird.models.whitening import Texts
from bowerbird.nets.contrast import crop, mask, reorder
from bowerbird.nets.export import AsSession
from bowerbird.nets.sasrec import Reader
from bowerbird.training.validation import Held
from bowerbird.training.windows import Windows
from bowerbird.types import History, Log, Query

BLOCKS = ["sasrec", "ligr", "hstu"]
TRAIN = {"epochs": 12, "batch_events": 64, "learning_rate": 0.01, "patience": None, "runs": None, "tracker": None}


def recipe(**changes: object) -> Sasrec:
    small = {"factors": 16, "heads": 2, "dropout": 0.1, "length": 6, "train": TRAIN}
    if changes.get("loss") != "softmax" and changes.get("sampling") != "batch":
        small["negatives"] = 16
    made: Sasrec = parse(Recipe, {"kind": "sasrec", **small, **changes})
    return made


def reader(block: str) -> Reader:
    torch.manual_seed(0)
    net = Reader(d=16, blocks=2, heads=2, dropout=0.5, length=8, block=block, kinds=True).eval()
    torch.nn.init.normal_(net.kinds, std=0.5)
    return net


def history(B: int, L: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    ages = torch.rand(B, L, generator=rng).cumsum(1).flip(1) * 1e5
    kinds = torch.randint(0, 5, (B, L), generator=rng)
    return torch.randn(B, L, 16, generator=rng), torch.rand(B, L, generator=rng) * 2 - 1, ages - ages[:, -1:], kinds


@pytest.mark.parametrize("block", BLOCKS)
def test_a_later_event_never_changes_an_earlier_answer(block: str) -> None:
    vectors, weights, ages, kinds = history(2, 6)
    net = reader(block)
    before = net.read(vectors, weights, ages, kinds)
    changed = vectors.clone()
    changed[:, 4:] += 10
    later = weights.clone()
    later[:, 4:] = -1
    others = kinds.clone()
    others[:, 4:] += 1
    after = net.read(changed, later, ages, others)
    torch.testing.assert_close(after[:, :4], before[:, :4])
    assert not torch.allclose(after[:, 4:], before[:, 4:])


@pytest.mark.parametrize("block", BLOCKS)
def test_padding_behind_changes_nothing(block: str) -> None:
    vectors, weights, ages, kinds = history(1, 4)
    net = reader(block)
    alone = net(vectors, weights, ages, kinds, torch.tensor([3]))
    padded = (torch.cat((part, 7 + torch.zeros_like(part)), dim=1) for part in (vectors, weights * 0 + 0.5, kinds))
    wide, more, others = padded
    more[:, :4] = weights
    long = net(wide, more.clamp(-1, 1), torch.cat((ages, ages * 0 - 1), dim=1), others, torch.tensor([3]))
    torch.testing.assert_close(long, alone)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_part_of_an_event_is_heard(block: str) -> None:
    vectors, weights, ages, kinds = history(1, 4)
    net = reader(block)
    plain = net.read(vectors, weights, ages, kinds)[0, -1]
    for other in (
        (vectors + torch.arange(16), weights, ages, kinds),
        (vectors, -weights, ages, kinds),
        (vectors, weights, ages * 1000, kinds),
        (vectors, weights, ages, kinds + 1),
        (vectors.flip(1), weights, ages, kinds),
    ):
        assert not torch.allclose(net.read(*other)[0, -1], plain)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_graph_says_what_torch_says(block: str) -> None:
    """Within 1e-4, for batches and lengths that were not in the example it was exported with."""
    made = recipe(block=block)
    texts = Texts.of(world.catalogue(), 0.5)
    net = make_net(made, np.ones(world.N_ITEMS, np.int64), texts, seed=3)
    for part in net.parameters():
        torch.nn.init.normal_(part, std=0.3)
    served, live = as_model(made, net, texts), as_model(made, net, texts, AsSession(net.eval().reader))
    rng = np.random.default_rng(0)
    queries = [
        Query(
            History(
                rng.integers(0, world.N_ITEMS, n).astype(np.int32),
                rng.uniform(-1, 1, n).astype(np.float32),
                np.sort(rng.uniform(0, 1e7, n)) if n % 2 else np.full(n, np.nan),
                rng.integers(0, 256, n).astype(np.uint8),
            )
        )
        for n in (1, 2, 3, 5, 6, 9, 4)
    ]
    np.testing.assert_allclose(served.query_vectors(queries), live.query_vectors(queries), atol=1e-4)


@pytest.mark.parametrize(
    "change", [{"block": "ligr"}, {"block": "hstu"}, {"loss": "softmax"}, {"loss": "gbce"}, {"loss": "bpr"}, {"sampling": "batch"}]
)
def test_every_block_and_loss_recognises_a_taste(change: dict[str, str]) -> None:
    model = recipe(**change).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    row = model.score([Query(History.of([9, 10]))])[0]
    row[[9, 10, world.NEW]] = -np.inf
    assert set(np.argsort(-row)[:4] // world.EACH) == {1}


def test_it_learns_an_order_that_no_bag_of_items_could_tell() -> None:
    """Each item is followed by the next one on a ring: all histories have the same items."""
    n = 6
    items = np.concatenate([(np.arange(5) + start) % n for start in range(n)] * 10).astype(np.int32)
    users = np.repeat(np.arange(n * 10), 5).astype(np.int32)
    log = Log(users, items, np.ones(len(items), np.float32), np.full(len(items), np.nan), n * 10, n)
    model = recipe(hide=0, dropout=0, train={**TRAIN, "epochs": 30, "holdout": 0}).fit(log, world.catalogue(n), np.random.default_rng(0))
    scores = model.score([Query(History.of([0, 1, 2])), Query(History.of([2, 1, 0])), Query(History.of([5]))])
    assert scores.argmax(axis=1).tolist() == [3, 1, 0]


def what_was_done(kinds: bool) -> Log:
    """Who *views* (kind 2) item 0 goes on to item 1, who *buys* it (kind 12) to item 2; all weigh the same."""
    users = np.repeat(np.arange(80, dtype=np.int32), 2)
    bought = np.arange(80) % 2
    items = np.stack((np.zeros(80), 1 + bought), axis=1).ravel().astype(np.int32)
    done = np.stack((np.where(bought, 12, 2), np.full(80, 2)), axis=1).ravel().astype(np.uint8)
    log = Log(users, items, np.ones(160, np.float32), np.full(160, np.nan), 80, 3)
    return replace(log, kinds=done) if kinds else log


@pytest.mark.parametrize("block", BLOCKS)
def test_it_hears_what_was_done_with_an_item(block: str) -> None:
    train = {**TRAIN, "epochs": 20, "holdout": 0}
    model = recipe(block=block, hide=0, dropout=0, train=train).fit(what_was_done(kinds=True), world.catalogue(3), np.random.default_rng(0))
    viewed, bought = (Query(History(*(part[:1] for part in (log.items, log.weights, log.times, log.kinds)))) for log in both_histories())
    seen, had = model.score([viewed, bought])
    assert seen[1] > seen[2]
    assert had[2] > had[1]


def both_histories() -> tuple[History, History]:
    log = what_was_done(kinds=True)
    return log.history(0), log.history(1)


def test_where_all_events_are_of_one_kind_none_is_read() -> None:
    """So that such data train as if kinds had never been thought of."""
    model = recipe(train={**TRAIN, "epochs": 2}).fit(what_was_done(kinds=False), world.catalogue(3), np.random.default_rng(0))
    plain = History.of([0])
    np.testing.assert_array_equal(model.score([Query(plain)]), model.score([Query(replace(plain, kinds=np.array([12], np.uint8)))]))


def test_only_the_newest_events_are_read() -> None:
    model = recipe().fit(world.log(), world.catalogue(), np.random.default_rng(0))
    long = Query(History.of([17, 18, 19, 0, 1, 2, 3, 4, 5]))
    np.testing.assert_array_equal(model.score([long]), model.score([Query(History.of([0, 1, 2, 3, 4, 5]))]))


def test_a_new_item_is_scored_by_its_text() -> None:
    """The world's new item is of taste 2: who likes that taste gets it before items of other tastes."""
    model = recipe(hide=0.3).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    row = model.score([Query(History.of([16, 17, 18]))])[0]
    assert row[world.NEW] > row[: 2 * world.EACH].max()
    assert not model.learned[world.NEW]
    assert (model.own[world.NEW] == 0).all()


def test_an_item_as_new_is_what_its_text_makes_it() -> None:
    model = recipe(hide=0.3).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    query = [Query(History.of([16, 17, 18]))]
    plain, as_new = model.score(query)[0], model.score_as_new(query)[0]
    assert as_new[world.NEW] == pytest.approx(plain[world.NEW], abs=1e-5)
    assert not np.allclose(as_new[:8], plain[:8])
    twin = model.with_vectors(np.concatenate((world.vectors(), world.vectors()[:1])))
    assert twin.score(query)[0, -1] == pytest.approx(as_new[0], abs=1e-4)


def test_without_texts_it_knows_what_was_taken() -> None:
    shop = world.catalogue()
    blind = type(shop)(shop.frame)
    model = recipe().fit(world.log(), blind, np.random.default_rng(0))
    assert not model.scorable[world.NEW]
    assert model.project.shape == (0, 16)
    assert model.score([Query(History.of([0, 1]))])[0, :8].mean() > model.score([Query(History.of([0, 1]))])[0, 8:23].mean()


def test_vectors_of_another_shape_are_refused() -> None:
    model = recipe(train={**TRAIN, "epochs": 1}).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    with pytest.raises(DataError, match="vectors must be at least 24 rows of 5"):
        model.with_vectors(np.zeros((3, 5), np.float32))


def test_a_damaged_graph_is_one_sentence() -> None:
    with pytest.raises(BundleError, match="onnxruntime cannot load the graph"):
        open_graph(np.frombuffer(b"no graph", np.uint8))


def test_heads_must_share_the_factors() -> None:
    with pytest.raises(ConfigError, match="factors must be a multiple of heads, got 10 and 4"):
        recipe(factors=10, heads=4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"loss": "softmax", "negatives": 9}, "negatives has no effect with loss 'softmax'"),
        ({"trust": 0.5}, "trust has no effect with loss 'sampled_softmax'"),
        ({"sampling": "batch", "negatives": 9}, "negatives has no effect with sampling 'batch'"),
        ({"temperature": 0.5}, "temperature has no effect with no contrast"),
    ],
)
def test_a_setting_without_effect_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse(Recipe, {"kind": "sasrec", **changes})


def test_contributions_are_what_is_lost_without_the_event() -> None:
    model = recipe().fit(world.log(), world.catalogue(), np.random.default_rng(0))
    query, items = Query(History.of([0, 9, 1])), np.array([2, 10], np.int32)
    without = model.score([Query(History.of([0, 1]))])[0, items]
    np.testing.assert_allclose(model.contributions(query, items)[1], model.score([query])[0, items] - without, atol=1e-4)


def test_an_event_that_is_not_read_carries_nothing_and_is_not_asked_about() -> None:
    model = recipe(length=2).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    parts = model.contributions(Query(History.of([0, 9, 1, 2])), np.array([3, 10], np.int32))
    assert (parts[:2] == 0).all()
    assert (parts[2:] != 0).any()


def test_held_events_are_judged_by_the_full_catalogue() -> None:
    held = Held((Query(History.of([0])), Query(History.of([1]))), np.array([2, 3], np.int32))
    scores = np.array([[9, 1, 5, 4], [3, 9, 2, 2]], np.float32)
    assert held.ndcg(lambda queries: scores) == pytest.approx((1 + 1 / np.log2(4)) / 2)  # rank 1 without the history; rank 3 of a tie
    scores[0, 2] = np.nan
    assert held.ndcg(lambda queries: scores) == pytest.approx(1 / np.log2(4) / 2)


def test_eight_bit_weights_are_served_only_where_they_are_as_good(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "bowerbird")
    full = recipe(factors=64).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    small = smaller(full, Held((Query(History.of([0, 1])),), np.array([2], np.int32)))
    assert "served with 8-bit weights" in caplog.text
    assert len(small.graph) < len(full.graph) / 2
    assert np.corrcoef(small.score(world.queries())[4], full.score(world.queries())[4])[0, 1] > 0.99
    assert smaller(full, Held((), np.zeros(0, np.int32))) is full
    assert "32-bit weights" in caplog.text
    chosen = recipe(factors=64, int8=True).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    assert len(chosen.graph) in (len(small.graph), len(full.graph))


@pytest.mark.parametrize("change", [{"pretrain": 2}, {"contrast": "dropout"}, {"contrast": "augmented"}, {"pretrain": 2, "block": "hstu"}])
def test_self_supervision_changes_the_weights_and_not_the_answer(change: dict[str, object]) -> None:
    model = recipe(**change).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    plain = recipe(block=change.get("block", "sasrec")).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    assert not np.allclose(model.own, plain.own)
    row = model.score([Query(History.of([9, 10]))])[0]
    row[[9, 10, world.NEW]] = -np.inf
    assert set(np.argsort(-row)[:4] // world.EACH) == {1}


class TestViews:
    """What the changes of a history may do, and what not."""

    batch = Windows.of(world.log(), 6).batch(np.arange(8))

    def test_a_crop_is_a_run_of_the_history(self) -> None:
        torch.manual_seed(0)
        view = crop(self.batch)
        for items, there, whole, all_there in zip(view["items"], view["there"], self.batch["items"], self.batch["there"], strict=True):
            piece, full = items[there].tolist(), whole[all_there].tolist()
            assert len(piece) == -(-len(full) * 6 // 10)
            assert any(full[start : start + len(piece)] == piece for start in range(len(full)))

    def test_a_mask_takes_weights_and_nothing_else(self) -> None:
        torch.manual_seed(0)
        view = mask(self.batch)
        changed = view["weights"] != self.batch["weights"]
        assert changed.any()
        assert (view["weights"][changed] == 0).all()
        assert torch.equal(view["items"], self.batch["items"])

    def test_a_reordering_has_the_same_events(self) -> None:
        torch.manual_seed(0)
        view = reorder(self.batch)
        assert not torch.equal(view["items"], self.batch["items"])
        for items, there, whole in zip(view["items"], view["there"], self.batch["items"], strict=True):
            assert sorted(items[there].tolist()) == sorted(whole[there].tolist())
        assert torch.equal(view["there"], self.batch["there"])


def test_masked_events_are_told_from_both_sides() -> None:
    """Read with `around`, an event hears what comes after it, and never what is not there."""
    vectors, weights, ages, kinds = history(1, 4)
    net = reader("sasrec")
    around = torch.tensor([[True, True, True, False]])
    plain = net.read(vectors, weights, ages, kinds, around)
    later, padding = vectors.clone(), vectors.clone()
    later[:, 2] += torch.arange(16)
    padding[:, 3] += torch.arange(16)
    assert not torch.allclose(net.read(later, weights, ages, kinds, around)[:, 0], plain[:, 0])
    torch.testing.assert_close(net.read(padding, weights, ages, kinds, around)[:, :3], plain[:, :3])
