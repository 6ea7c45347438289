"""What makes two towers: they start as the text model, every part of a query is heard, the graph says what torch says."""

import models_world as world
import numpy as np
import pytest
import torch

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.models import Recipe, Text, TwoTower
from bowerbird.models.two_tower import DAY, clock
from bowerbird.models.two_tower_fit import Told, as_model, labels_of, make_net
from bowerbird.nets.export import AsSession
from bowerbird.nets.two_tower import QueryTower
from bowerbird.nets.two_tower import TwoTower as Net
from bowerbird.types import Circumstances, History, Log, Query, Value

TRAIN = {"epochs": 15, "batch_events": 64, "learning_rate": 0.01, "weight_decay": 0.0, "patience": None, "runs": None, "tracker": None}
RNG = np.random.default_rng


def recipe(**changes: object) -> TwoTower:
    made: TwoTower = parse(Recipe, {"kind": "two_tower", "factors": 16, "length": 6, "train": TRAIN, **changes})
    return made


NOWHERE = torch.tensor([[4, 4]])


def untrained(made: TwoTower, catalogue: Catalogue, counts: np.ndarray) -> tuple[Net, Told]:
    told = Told.of(catalogue, made)
    net = make_net(made, counts, told, seed=0).eval()
    return net, told


def tower() -> QueryTower:
    torch.manual_seed(0)
    net = QueryTower(3, 5, 2.0, 0.1, n_values=4).eval()
    for part in (net.mix, net.clock, net.context):
        torch.nn.init.normal_(part, std=0.5)
    return net


def test_before_it_has_learned_it_is_the_text_model() -> None:
    """No item has been learned: the scores are those of `Text`, but for the temperature."""
    shop = world.catalogue()
    made = recipe()
    net, told = untrained(made, shop, np.zeros(world.N_ITEMS, np.int64))
    text = Text(half_life_events=1, whiten=made.whiten).fit(world.log(), shop, RNG(0))
    queries = [Query(History.of([3, 20, 9])), Query(History.of([2, 17], weights=[1, -0.5]))]
    np.testing.assert_allclose(as_model(made, net, told).score(queries), text.score(queries) / made.temperature, rtol=1e-3, atol=1e-3)


def test_what_is_read_after_each_event_is_what_that_history_asks_for() -> None:
    """So training asks what serving asks, and no later event is heard."""
    net, rng = tower(), torch.Generator().manual_seed(1)
    vectors, weights = torch.randn(2, 5, 8, generator=rng), torch.rand(2, 5, generator=rng) * 2 - 1
    instants, where = torch.randn(2, 5, 4, generator=rng), torch.randint(0, 5, (2, 5, 2), generator=rng)
    every = net.read(vectors, weights, instants, where)
    for end in range(5):
        alone = net(vectors[:, : end + 1], weights[:, : end + 1], instants[:, end], where[:, end], torch.tensor([end, end]))
        torch.testing.assert_close(every[:, end], alone)


def test_padding_behind_changes_nothing() -> None:
    net, rng = tower(), torch.Generator().manual_seed(1)
    vectors, weights, rest = torch.randn(1, 3, 8, generator=rng), torch.ones(1, 3), (torch.zeros(1, 4), NOWHERE, torch.tensor([2]))
    wide, more = torch.cat((vectors, vectors + 5), dim=1), torch.cat((weights, weights * 0), dim=1)
    torch.testing.assert_close(net(wide, more, *rest), net(vectors, weights, *rest))


def test_every_part_of_a_query_is_heard() -> None:
    net, rng = tower(), torch.Generator().manual_seed(1)
    vectors, weights, instant, last = torch.randn(1, 3, 8, generator=rng), torch.ones(1, 3), torch.ones(1, 4), torch.tensor([2])
    plain = net(vectors, weights, instant, NOWHERE, last)
    halved = weights.clone()
    halved[0, 1] = 0.5
    for other in (
        (vectors.flip(1), weights, instant, NOWHERE),
        (vectors, halved, instant, NOWHERE),
        (vectors, weights, -instant, NOWHERE),
        (vectors, weights, instant, torch.tensor([[1, 4]])),
    ):
        assert not torch.allclose(net(*other, last), plain)


WHERE = (("device", ("phone", "tv")), ("alone", (False, True)))


@pytest.mark.parametrize("where", [(), WHERE])
def test_the_graph_says_what_torch_says(where: tuple[tuple[str, tuple[Value, ...]], ...]) -> None:
    """Within 1e-4, for batches and lengths that were not in the example it was exported with."""
    made = recipe()
    told = Told.of(world.catalogue(), made)
    net = make_net(made, np.ones(world.N_ITEMS, np.int64), told, seed=0, n_values=sum(len(values) for _, values in where)).eval()
    for part in net.parameters():
        torch.nn.init.normal_(part, std=0.3)
    served, live = as_model(made, net, told, where), as_model(made, net, told, where, AsSession(net.query))
    rng = RNG(0)
    contexts: list[dict[str, Value]] = [{}, {"device": "tv"}, {"device": "radio"}, {"alone": True, "device": "phone"}, {}, {"alone": False}]
    queries = [
        Query(History.of(rng.integers(0, world.N_ITEMS, n), rng.uniform(-1, 1, n)), float(n) * 1e5 if n % 2 else float("nan"), context)
        for n, context in zip((1, 2, 4, 6, 9, 1), contexts, strict=True)
    ]
    np.testing.assert_allclose(served.query_vectors(queries), live.query_vectors(queries), atol=1e-4)
    np.testing.assert_allclose(served.query_vectors(queries[:1]), live.query_vectors(queries[:1]), atol=1e-4)


def test_the_hour_is_learned_and_told_by_the_clock_alone() -> None:
    """Everyone takes tea at six and wine at eighteen, after the same bread."""
    users = np.repeat(np.arange(80, dtype=np.int32), 2)
    evening = np.arange(80) % 2
    items = np.stack((np.zeros(80), 1 + evening), axis=1).ravel().astype(np.int32)
    times = np.stack((np.arange(80) * DAY, np.arange(80) * DAY + (6 + 12 * evening) * 3600), axis=1).ravel()
    log = Log(users, items, np.ones(160, np.float32), times, 80, 3)
    asked = [Query(History.of([0]), 900 * DAY + hour * 3600) for hour in (6, 18)]
    morning, night = recipe(loss="softmax").fit(log, Catalogue.of(["bread", "tea", "wine"]), RNG(0)).score(asked)
    assert morning[1] > morning[2]
    assert night[2] > night[1]
    deaf = recipe(loss="softmax", clock=False).fit(log, Catalogue.of(["bread", "tea", "wine"]), RNG(0)).score(asked)
    np.testing.assert_array_equal(deaf[0], deaf[1])


def on_devices() -> Log:
    """After the same bread, tea on the phone and wine on the television."""
    users = np.repeat(np.arange(80, dtype=np.int32), 2)
    tv = np.arange(80) % 2
    items = np.stack((np.zeros(80), 1 + tv), axis=1).ravel().astype(np.int32)
    codes = np.stack((np.full(80, -1), tv), axis=1).ravel()[:, None].astype(np.int32)
    context = Circumstances({"split": ("train",), "device": ("phone", "tv")}, np.concatenate((codes * 0, codes), axis=1))
    return Log(users, items, np.ones(160, np.float32), np.full(160, np.nan), 80, 3, context=context)


def test_circumstances_are_learned_where_they_are_named() -> None:
    asked = [Query(History.of([0]), context=context) for context in ({"device": "phone"}, {"device": "tv"}, {"device": "radio"}, {})]
    shop = Catalogue.of(["bread", "tea", "wine"])
    phone, tv, strange, untold = recipe(loss="softmax", context=("device",)).fit(on_devices(), shop, RNG(0)).score(asked)
    assert phone[1] > phone[2]
    assert tv[2] > tv[1]
    np.testing.assert_array_equal(strange, untold)
    deaf = recipe(loss="softmax").fit(on_devices(), shop, RNG(0)).score(asked)
    np.testing.assert_array_equal(deaf[0], deaf[1])


def test_circumstances_that_no_event_has_are_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"\[data\] context keeps \(split, device\), got 'mood'"):
        recipe(context=("mood",)).fit(on_devices(), Catalogue.of(["bread", "tea", "wine"]), RNG(0))


def test_an_item_as_new_is_what_is_known_of_it_besides_behaviour() -> None:
    model = recipe(newness=0.5).fit(world.log(), world.catalogue(), RNG(0))
    query = [Query(History.of([16, 17, 18]))]
    plain, as_new = model.score(query)[0], model.score_as_new(query)[0]
    assert as_new[world.NEW] == pytest.approx(plain[world.NEW], abs=1e-5)
    assert not np.allclose(as_new[:8], plain[:8])
    twin = model.with_vectors(np.concatenate((world.vectors(), world.vectors()[:1])))
    assert twin.score(query)[0, -1] == pytest.approx(as_new[0], abs=1e-4)
    assert model.learned.sum() == world.N_ITEMS - 1


def test_the_week_is_told_as_well() -> None:
    monday, tuesday, week_later = clock(np.array([4 * DAY, 5 * DAY, 11 * DAY]))
    np.testing.assert_allclose(monday, week_later, atol=1e-5)
    np.testing.assert_allclose(monday[:2], tuesday[:2], atol=1e-5)
    assert not np.allclose(monday[2:], tuesday[2:])


@pytest.mark.parametrize("column", ["categories", "brand"])
def test_a_new_item_without_text_is_known_by_its_labels(column: str) -> None:
    names = ["ab"[taste] for taste in world.taste(np.arange(16))] + ["c"] * 8
    labels = {"categories": [[name] for name in names]} if column == "categories" else {"brand": names}
    shop = Catalogue.of([f"i{number}" for number in range(world.N_ITEMS)], **labels)
    made = recipe(hide=0.5, attributes=() if column == "categories" else ("brand",))
    scores = made.fit(world.log(), shop, RNG(0)).score([Query(History.of([16, 17])), Query(History.of([0, 1]))])
    assert scores[0, world.NEW] > scores[1, world.NEW]
    assert scores[0, world.NEW] > scores[0, :16].max()


def test_what_was_not_learned_shares_one_bias() -> None:
    model = recipe().fit(world.log(), world.catalogue(), RNG(0))
    wider = model.with_vectors(np.concatenate((world.vectors(), world.vectors()[:2])))
    np.testing.assert_array_equal(wider.item_vectors[world.NEW :, -1], np.float32(model.unknown))
    assert (model.item_vectors[: world.NEW, -1] != np.float32(model.unknown)).all()
    np.testing.assert_allclose(np.linalg.norm(wider.item_vectors[:, :5], axis=1), 1, rtol=1e-5)


def test_newness_raises_what_nobody_has_touched_and_nothing_else() -> None:
    plain, raised = (recipe(newness=newness).fit(world.log(), world.catalogue(), RNG(0)) for newness in (0, 1.5))
    gap = raised.with_vectors(world.vectors()).score(world.queries()[1:]) - plain.score(world.queries()[1:])
    np.testing.assert_allclose(gap[:, world.NEW], 1.5, atol=1e-4)
    np.testing.assert_allclose(gap[:, : world.NEW], 0, atol=1e-4)


def test_a_column_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="attributes must be columns of the catalogue, got 'brnad'"):
        labels_of(world.catalogue(), ["brnad"])


def test_vectors_of_another_dimension_are_refused() -> None:
    model = recipe(train={**TRAIN, "epochs": 1}).fit(world.log(), world.catalogue(), RNG(0))
    with pytest.raises(DataError, match=r"at least 24 rows of 5, got shape \(24, 3\)"):
        model.with_vectors(world.vectors()[:, :3])


@pytest.mark.parametrize(
    ("name", "value"), [("factors", 1), ("hide", 1), ("temperature", 0), ("loss", "bce"), ("sampling", "all"), ("negatives", 9)]
)
def test_settings_that_cannot_be_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        recipe(**{name: value})
