"""The words that turn, bound or carry a wish: English and Chinese. Data; `reading` knows what each group does."""

from bowerbird.language.words import STOP_WORDS


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


NEGATE = _words(
    "no not without except never avoid hate dislike dont don't nothing neither nor exclude less fewer mute hide"
    " 不要 不想 不看 没有 除了 别 不 少 讨厌"
)
"""From here on, up to the end of the clause, what is named is not wanted."""

TURN = _words("but only just rather instead prefer want like 但是 但 而是 想看 想要 我要 喜欢 更多 来点")
"""Ends what a negation began."""

FILL = STOP_WORDS | _words(
    """
    i'd i'm let's want wants wanted would like love loves watch watching watched see read reading buy buying film films movie movies show
    shows book books thing things stuff item items title titles please recommend suggest suggestion looking give mood feel bit lot kind
    sort type types really usual usually normally today tonight evening time ones made year years decade era set story stories prefer based
    dollars dollar euros euro bucks usd eur than pretty quite much okay ok hi hello
    我 我想 想 看 想看 想要 来 来点 一些 一点 的 电影 影片 片 片子 给我 推荐 请 有 是 和 了 吗 吧 点 更 比 平时 那种 喜欢 我要 更多
    """
)
"""Carries no wish of its own."""

VARIETY = (
    ("surprise", "me"),
    ("something", "different"),
    ("something", "else"),
    ("mix", "it", "up"),
    ("variety",),
    ("varied",),
    ("diverse",),
    ("惊喜",),
    ("换换口味",),
    ("不一样",),
)
"""Asks for variety."""

LIGHT, DARK = "feel-good, light-hearted and funny", "dark, grim and violent"
CALM, FAST = "slow, calm and quiet", "fast, exciting action"
SERIOUS, SILLY = "serious and thoughtful drama", "silly, funny comedy"
AXES = {
    word: ends
    for said, ends in {
        "light lighter lightest lighthearted cheerful cheerier upbeat happy happier uplifting 轻松 欢乐": (LIGHT, DARK),
        "dark darker darkest grim grimmer bleak gritty violent 黑暗 沉重": (DARK, LIGHT),
        "slow slower calm calmer quiet quieter 安静": (CALM, FAST),
        "fast faster exciting 刺激": (FAST, CALM),
        "serious deeper thoughtful 严肃": (SERIOUS, SILLY),
        "silly sillier funnier 搞笑": (SILLY, SERIOUS),
    }.items()
    for word in said.split()
}
"""Words with an opposite: what they lead toward, and away from."""

AT_MOST = (("less", "than"), ("cheaper", "than"), ("at", "most"), ("up", "to"), ("no", "more", "than"), ("under",), ("below",))
AT_LEAST = (("more", "than"), ("at", "least"), ("over",), ("above",))
BEFORE = (("older", "than"), ("earlier", "than"), ("before",), ("until",), ("till",))
AFTER = (("newer", "than"), ("later", "than"), ("after",))
SINCE = (("since",),)
BETWEEN = (("between",), ("from",))
"""What bounds a number or a year that follows; `BEFORE` and `AFTER` do not take it in."""

DECADES = dict(zip("twenties thirties forties fifties sixties seventies eighties nineties".split(), range(1920, 2000, 10), strict=True))  # noqa: SIM905
CURRENCY = _words("$ € £ ¥ dollars dollar euros euro usd eur bucks 元 块")
MONEY = ("price", "cost", "usd", "eur")
"""Columns that hold what something costs."""
YEARS = ("year", "release_year", "published", "created")
"""Columns that hold when something came out; the first that is there is taken."""
STOPS = frozenset(",.;!?，。；！？、")
HAN_WORDS = tuple(
    word
    for word in (*NEGATE, *TURN, *FILL, *AXES, *CURRENCY, *(cue[0] for cue in VARIETY), "年代", "年", "以前", "以后", "之前", "之后")
    if "\u4e00" <= word[0] <= "\u9fff"
)
"""What a run of Chinese, which is written without spaces, is cut at."""
