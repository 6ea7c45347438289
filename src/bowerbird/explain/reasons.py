"""Why each item of a slate is there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.explain.attribution import Carriers, carriers
from bowerbird.explain.certificate import Certificate, certify, falls
from bowerbird.explain.facts import Facts
from bowerbird.explain.features import shared
from bowerbird.explain.settings import ExplainSettings
from bowerbird.explain.tongues import TONGUES
from bowerbird.explain.wording import Phrases, unverified, verified
from bowerbird.protocols import Scorer
from bowerbird.types import History, Query, Slate


@dataclass(frozen=True, eq=False)
class Reason:
    """Why one item is there.

    item          its number
    because       (n,) int32, at most three items of the history, strongest first; empty = nothing that can be cited passed the test
    features      the intent, the categories and the title words that it has in common with all of them (`shared`)
    rank_with     its rank by score among all items that may be shown, 1 is best. A re-ranked slate may show it elsewhere
    rank_without  its rank without the cited items. None = nothing speaks for it without them; also where nothing is cited
    text          the reason in words
    verified      whether the cited items passed the test
    facts         what a wording of it may say; None where it did not pass, or cites the item itself: then `text` is what there is to say
    """

    item: int
    because: NDArray[np.int32]
    features: tuple[str, ...]
    rank_with: int
    rank_without: int | None
    text: str
    verified: bool
    facts: Facts | None = None


def explain(
    scorer: Scorer,
    query: Query,
    slate: Slate,
    allowed: NDArray[np.bool_],
    catalogue: Catalogue,
    settings: ExplainSettings | None = None,
    *,
    phrases: Phrases | None = None,
) -> list[Reason]:
    """One reason for each item of the slate, in its order, each tested: see `certificate`.

    allowed  (n_items,) bool: the items that may be shown, the same in every ranking that is compared
    phrases  of the template; None = those of `settings.language`
    raises   DataError if `allowed` does not fit the scorer
    cost     one `contributions` and one `score` of at most 2 + 3 · len(slate) queries; two `score` calls for a scorer that does not
             explain itself
    """
    settings = settings or ExplainSettings()
    phrases = phrases or TONGUES[settings.language].phrases
    if len(slate) == 0:
        return []
    claims = carriers(scorer, query, slate.items, settings)
    proofs = certify(scorer, query, slate.items, claims, allowed, min_fall=settings.min_fall)
    told, liked = zip(slate.items.tolist(), claims, proofs, strict=True), _liked(query.history, settings)
    newcomer = len(query.history) == 0
    return [_reason(item, claim, proof, liked, newcomer, catalogue, settings, phrases) for item, claim, proof in told]


def _reason(
    item: int,
    claim: Carriers,
    proof: Certificate,
    liked_items: frozenset[int],
    newcomer: bool,
    catalogue: Catalogue,
    settings: ExplainSettings,
    phrases: Phrases,
) -> Reason:
    passed = len(proof.cited) > 0
    named = (proof.cited if passed else claim.items[:1]).tolist()
    others = [other for other in named if other != item]
    common = shared(catalogue, item, others)
    facts = None
    if passed:
        names = [phrases.itself if other == item else catalogue.titles[other] for other in named]
        liked = liked_items.issuperset(named)
        if item not in named:
            facts = Facts(tuple(names), liked, common, proof.rank_with, proof.rank_without)
        text = verified(names, common, liked, rank_with=proof.rank_with, rank_without=proof.rank_without, phrases=phrases)
    else:
        names = [catalogue.titles[other] for other in others]
        near = proof.rank_anyone is not None and not falls(proof.rank_with, proof.rank_anyone, settings.min_fall)
        rank_with, rank_anyone = proof.rank_with, proof.rank_anyone
        text = unverified(names, common, newcomer=newcomer, rank_with=rank_with, rank_anyone=rank_anyone, near=near, phrases=phrases)
    return Reason(item, proof.cited, common.names, proof.rank_with, proof.rank_without, text, passed, facts)


def _liked(history: History, settings: ExplainSettings) -> frozenset[int]:
    """The items whose newest weight that says anything is high enough to speak of liking."""
    if settings.liked_from is None:
        return frozenset()
    says = history.weights != 0
    newest = dict(zip(history.items[says].tolist(), history.weights[says].tolist(), strict=True))
    return frozenset(item for item, weight in newest.items() if weight >= settings.liked_from - 1e-6)
