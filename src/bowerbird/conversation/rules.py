"""A turn without a chat model: the last words are read as a wish, or searched for, and the engine's own sentences speak."""

from collections.abc import Sequence

from bowerbird.conversation.phrases import PHRASES
from bowerbird.conversation.seam import Recommender
from bowerbird.conversation.talk import Talk
from bowerbird.conversation.tools import hit
from bowerbird.conversation.values import Hit, Result
from bowerbird.steering import Wish

MANY = 5


def led_by_rules(engine: Recommender, talk: Talk) -> tuple[str, Result]:
    """A sentence, and the items that it stands before.

    What bounds a slate (categories, years, what is not wanted) steers a recommendation; what is but a phrase is searched for; where nothing
    is found, or nothing was understood, it is what would be recommended anyway. Nothing is stored.

    cost  at most two recommendations and a search
    """
    phrases = PHRASES[talk.language or "en"]
    whose = {"history": ()} if talk.user is None else {"user": talk.user}
    steered = engine.recommend(**whose, k=MANY, text=talk.last, explain=talk.user is not None, language=talk.language)
    wish = steered.wish or Wish(text="")
    if wish.conditions or wish.without or wish.away or wish.than_usual or wish.diversity is not None:
        said = phrases.steered.format(wish=phrases.comma.join(understood(wish)))
        return _told(said if steered.items else phrases.nothing, list(map(hit, steered.items)), steered.notes)
    if found := engine.search(talk.last, talk.user, MANY):
        return _told(phrases.found, list(map(hit, found)), ())
    picked = list(map(hit, steered.items))
    return _told(phrases.picked if picked else phrases.nothing, picked, steered.notes)


def understood(wish: Wish) -> list[str]:
    """What of a wish was understood, in words.

    >>> understood(Wish(text="…", toward=("about space",), without=("sequels",), diversity=0.5))
    ['about space', 'not sequels', 'variety']
    """
    bounds = [condition.words for condition in wish.conditions]
    turned = [*wish.toward, *(f"not {phrase}" for phrase in dict.fromkeys((*wish.away, *wish.without)))]
    return [*bounds, *turned, *(["not as usual"] if wish.than_usual else []), *(["variety"] if wish.diversity is not None else [])]


def _told(said: str, items: Sequence[Hit], notes: Sequence[str]) -> tuple[str, Result]:
    return said, Result(items=tuple(items), notes=tuple(notes))
