"""The engine's own sentences, for turns that no chat model words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """The sentences of one language.

    found     before items that were found
    steered   before items that were recommended by what was understood
    picked    before items that are recommended with no wish
    nothing   where nothing fits
    """

    found: str = "This is what I found:"
    steered: str = "By what I understood ({wish}), I would try:"
    picked: str = "I would try:"
    nothing: str = "I found nothing that fits. Say it in other words, or name a title."
    comma: str = ", "


PHRASES = {
    "en": Phrases(),
    "de": Phrases(
        "Das habe ich gefunden:",
        "Nach dem, was ich verstanden habe ({wish}), empfehle ich:",
        "Ich empfehle:",
        "Ich habe nichts Passendes gefunden. Bitte sagen Sie es anders, oder nennen Sie einen Titel.",
    ),
    "zh": Phrases("找到了这些：", "按我的理解（{wish}），推荐：", "推荐：", "没有找到合适的。请换一种说法，或说出一个标题。", "、"),
}
