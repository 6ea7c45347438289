"""Texts into the words that could stand in a name."""

import re
from collections.abc import Iterator

_SAY_NOTHING = """
a about above across after again against all almost along already also although always am among an and another any anyone anything are
around as ask at away back be became because become been before behind being below best better between big both but by came can
cannot come could did do does doing done down during each easy either else even ever every everyone everything few find first for
from full further get gets give given go goes going good got great had has have having he help her here hers herself high him himself
his how however i ideal if in including inside instead into is it item items its itself just keep large last least less let like long
look low made make makes making many may me might more most much must my myself need needs never new next no non nor not nothing now
of off often old on once one only onto or other others our ours ourselves out over own part per perfect perhaps please plus product
products put quite rather really right same see set several she should since small so some something still such take than that the
their them then there these they thing things this those though three through thus to together too two under until up upon us use
used useful using various very via want was way we well were what when where whether which while who whole whom whose why will with
within without would yet you your yours yourself
brand brands count edition inch inches original pack packs piece pieces quantity series size sizes vol volume
"""
STOP_WORDS = frozenset(_SAY_NOTHING.split())
"""English words that name nothing, and those that shops put into every description."""

HAN, KATAKANA = "㐀-䶿一-鿿", "ァ-ヺー"
LONGEST_HAN = 4
PIECE = re.compile(rf"(?P<han>[{HAN}]+)|(?P<kana>[{KATAKANA}]{{2,}})|(?P<word>[^\W\d_{HAN}]+(?:['’-][^\W\d_{HAN}]+)*)|(?P<gap>\S)")


def phrases(text: str, longest: int = 2) -> Iterator[str]:
    """The words of a text as they stand there, and runs of up to `longest` neighbours with nothing but spaces between them.

    Han characters, which are written without spaces, give all runs of two to four neighbours, and a run of Katakana is one word. Numbers,
    stop words and words of less than three letters are no words, and end a run; short words in capitals (HP, 3D) are words.

    >>> list(phrases("The Usual Suspects (1995). Crime, film noir"))
    ['Usual', 'Suspects', 'Usual Suspects', 'Crime', 'film', 'noir', 'film noir']
    >>> list(phrases("科幻片"))
    ['科幻', '幻片', '科幻片']
    """
    run: list[str] = []
    for piece in PIECE.finditer(text):
        found = piece.group()
        if piece.lastgroup == "han":
            run = []
            yield from (found[at : at + n] for n in range(2, LONGEST_HAN + 1) for at in range(len(found) - n + 1))
        elif piece.lastgroup == "gap" or not _names(found):
            run = []
        else:
            run = [*run, found][-longest:]
            yield from (" ".join(run[-n:]) for n in range(1, len(run) + 1))


def stem(word: str) -> str:
    """One form for one word and its plural, in small letters: a key to compare with, not to show.

    >>> [stem(word) for word in ("Zombies", "zombie", "Cartridges", "Boxes", "box", "Gas", "Glass", "Sci-Fi")]
    ['zombi', 'zombi', 'cartridg', 'box', 'box', 'gas', 'glass', 'sci-fi']
    """
    small = word.lower()
    if len(small) > 3 and small.endswith("s") and not small.endswith(("ss", "us", "is")):
        small = small[:-1]
    if len(small) > 4 and small.endswith(("ie", "y")):
        return small[:-2] + "i" if small.endswith("ie") else small[:-1] + "i"
    return small[:-1] if len(small) > 3 and small.endswith("e") else small


def _names(word: str) -> bool:
    return word.lower() not in STOP_WORDS and (len(word) > 2 or (len(word) == 2 and word.isupper()))
