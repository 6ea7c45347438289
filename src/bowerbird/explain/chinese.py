"""Reasons in Chinese: the template, and what a worded one may say."""

from bowerbird.explain.grammar import NEVER, Grammar
from bowerbird.explain.wording import Phrases

PHRASES = Phrases(
    ordinal=lambda n: f"第{n}位",
    liked="因为您喜欢{items}{common}。",
    neutral="因为{items}{common}。",
    itself="它本身",
    comma="、",
    last="和",
    category=("——同样是{name}", "——都是{name}", "——三者都是{name}"),
    intent="——更多您的“{name}”",
    word=("——标题中同样有“{name}”", "——标题中都有“{name}”", "——标题中都有“{name}”"),
    drops=(
        "没有那一项，这一项会从{before}降到{after}。",
        "没有这两项，它会从{before}降到{after}。",
        "没有这三项，它会从{before}降到{after}。",
    ),
    drops_out=("没有那一项，就没有推荐这一项的理由。", "没有这两项，就没有推荐它的理由。", "没有这三项，就没有推荐它的理由。"),
    newcomer="常见的首选：对我们还不了解的人，它排在{before}。",
    anyone="适合所有人的选择：即使没有任何历史，它仍排在{after}。",
    whole="您的全部历史都支持它：没有这些历史，它会从{before}降到{after}。",
    whole_out="您的全部历史都支持它：没有这些历史，就没有推荐它的理由。",
    likeness="它与{items}同属“{name}”。",
)

_IT = r"(?:它|这个|这一项|这一个|本项)"
_YOU = r"(?:您|你)"
_FALLS = r"(?:就|便|将|会|就会|将会)?从第?{before}(?:名|位)?(?:降|跌|掉|滑|下降|下滑)(?:到|至)第?{after}(?:名|位)?"

GRAMMAR = Grammar(
    together=r"和|与|及|以及",
    them=(r"(?:那个|那一项|该项)", r"(?:它们|这两个|这两项|这些|两者)", r"(?:它们|这三个|这三项|这些|三者)"),
    both=(NEVER, "两者|两个|两项", "三者|三个|三项"),
    each=("两者", "两者|三者", "三者|四者"),
    liking=(rf"{_YOU}(?:也|都)?(?:喜欢|喜爱)(?:过|了)?{{titles}}",),
    citing=(r"(?:因为|由于|根据|基于|鉴于){titles}",),
    sharing=(
        rf"(?:{_IT}|它们|{{each}})?(?:与{{titles}})?(?:也|都|同样)?(?:是|为|属于|同属|同为){{attributes}}",
        rf"更多{_YOU}的{{attributes}}",
    ),
    wording=(r"(?:{each})?标题(?:中|里)(?:同样|都|也)?有{word}",),
    falling=(rf"(?:如果|若)?(?:没有|去掉|除去){{them}}(?:的话)?[,，]?{_IT}?{_FALLS}",),
    ending=(rf"(?:如果|若)?(?:没有|去掉|除去){{them}}(?:的话)?[,，]?就?没有推荐{_IT}的理由",),
    nothing=(
        rf"(?:因此|所以)?我们(?:为|向|给)?{_YOU}?(?:推荐|选择|选|推荐给{_YOU})(?:了)?{_IT}",
        rf"为{_YOU}推荐(?:了)?{_IT}",
        r"(?:因为|由于|因此|所以|并且|而且|而|且|也)",
    ),
)
