"""The sentences of profiles, by language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """The sentences of one language: {name} is a topic, {speak} how many events speak of it, {title} the newest of them.

    one, many  {speak} of one event, and of several
    thousands  what parts the thousands of a number
    """

    likes: str
    dislikes: str
    rising: str
    fading: str
    one: str
    many: str
    thousands: str = ","

    def sentence(self, says: str, name: str, count: int, title: str) -> str:
        """What is claimed, in words.

        >>> SENTENCES["de"].sentence("likes", "Horror", 1200, "Alien (1979)")
        'Du magst Horror: 1.200 Ereignisse sprechen dafür, zuletzt Alien (1979).'
        """
        form: str = getattr(self, says)
        speak = (self.one if count == 1 else self.many).format(n=f"{count:,}".replace(",", self.thousands))
        return form.format(speak=speak, name=name, title=title)


SENTENCES: Mapping[str, Said] = {
    "en": Said(
        likes="You like {name}: {speak} for it, the last of them {title}.",
        dislikes="You turn {name} down: {speak} against it, the last of them {title}.",
        rising="You turn to {name} more than before: {speak} for it, the last of them {title}.",
        fading="You turn to {name} less than before: {speak} for it, the last of them {title}.",
        one="{n} event speaks",
        many="{n} events speak",
    ),
    "de": Said(
        likes="Du magst {name}: {speak} dafür, zuletzt {title}.",
        dislikes="Du lehnst {name} ab: {speak} dagegen, zuletzt {title}.",
        rising="Du wendest dich {name} mehr zu als früher: {speak} dafür, zuletzt {title}.",
        fading="Du wendest dich {name} weniger zu als früher: {speak} dafür, zuletzt {title}.",
        one="{n} Ereignis spricht",
        many="{n} Ereignisse sprechen",
        thousands=".",
    ),
    "zh": Said(
        likes="您喜欢{name}：有{speak}说明这一点，最近的是{title}。",
        dislikes="您不喜欢{name}：有{speak}说明这一点，最近的是{title}。",
        rising="您比以前更关注{name}：有{speak}说明这一点，最近的是{title}。",
        fading="您对{name}的关注比以前少：有{speak}说明这一点，最近的是{title}。",
        one="{n}个行为",
        many="{n}个行为",
    ),
}
"""By code, as `bowerbird.explain.TONGUES` has them."""
