"""Reasons in German: the template, and what a worded one may say."""

from bowerbird.explain.grammar import NEVER, Grammar
from bowerbird.explain.wording import Phrases

PHRASES = Phrases(
    ordinal=lambda n: f"{n:,}".replace(",", "."),
    liked="Dir hat gefallen: {items}{common}.",
    neutral="Wegen {items}{common}.",
    itself="genau dies",
    last=" und ",
    category=(" — auch {name}", " — beide {name}", " — alle drei {name}"),
    intent=" — mehr von deinem „{name}“",
    word=(" — auch mit „{name}“ im Titel", " — beide mit „{name}“ im Titel", " — alle drei mit „{name}“ im Titel"),
    drops=(
        "Ohne das fällt es von Platz {before} auf Platz {after}.",
        "Ohne diese beiden fällt es von Platz {before} auf Platz {after}.",
        "Ohne diese drei fällt es von Platz {before} auf Platz {after}.",
    ),
    drops_out=(
        "Ohne das spräche nichts dafür.",
        "Ohne diese beiden spräche nichts dafür.",
        "Ohne diese drei spräche nichts dafür.",
    ),
    newcomer="Für den Anfang oft gewählt: Platz {before} bei allen, von denen wir noch nichts wissen.",
    anyone="Etwas für alle: auch ohne jede Vorgeschichte stünde es auf Platz {after}.",
    whole="Alles zusammen spricht dafür: ohne deine Vorgeschichte fällt es von Platz {before} auf Platz {after}.",
    whole_out="Alles zusammen spricht dafür: ohne deine Vorgeschichte spräche nichts dafür.",
    likeness="„{name}“ hat es gemeinsam mit {items}.",
)

_IT = r"(?:es|das hier|dies|dieses|dieser vorschlag|diese empfehlung)"
_FROM_TO = r"von (?:platz |rang |stelle )?{before}\.? auf (?:platz |rang |stelle )?{after}"
_ALSO = r"(?:auch |ebenfalls |alle |{each} )*"

GRAMMAR = Grammar(
    together=r"und|sowie|&",
    them=(
        r"(?:das|diesen titel|diesen)",
        r"(?:sie|diese|diese beiden|diese zwei|die beiden|beide)",
        r"(?:sie|diese|diese drei|die drei|alle drei)",
    ),
    both=(NEVER, "beide", "alle drei"),
    each=("beide", "beide|alle drei", "alle drei|alle vier"),
    liking=(
        r"(?:dir|ihnen) (?:hat |haben )?(?:auch )?{titles} (?:gefallen(?: hat| haben)?|gefiel(?:en)?)",
        r"(?:dir|ihnen) (?:hat|haben) gefallen: {titles}",
        r"{titles} (?:hat|haben) (?:dir|ihnen) gefallen",
        r"(?:du|sie) {titles} (?:gemocht hast|gemocht haben|mochtest|mochten)",
    ),
    citing=(r"(?:wegen|aufgrund von|ausgehend von|dank) {titles}", r"{titles} (?:spricht|sprechen) (?:dafür|für diesen vorschlag)"),
    sharing=(
        rf"(?:{_IT}|sie|diese|{{each}}) (?:ist|sind|gehört|gehören) {_ALSO}(?:zu )?{{attributes}}(?: wie {{titles}})?",
        r"(?:auch|ebenfalls|{each}|gemeinsam ist ihnen) {attributes}",
        r"(?:noch )?mehr (?:von|aus) (?:deinem |ihrem )?{attributes}",
        r"{attributes} (?:ist|sind) (?:ihnen|allen) gemeinsam",
    ),
    wording=(r"(?:auch |{each} )?mit {word} im titel",),
    falling=(
        rf"ohne {{them}},? (?:fällt|fiele|rutscht|rutschte|sinkt|sänke) {_IT} {_FROM_TO}(?: ab)?",
        rf"ohne {{them}},? würde {_IT} {_FROM_TO} (?:fallen|rutschen|sinken|abrutschen)",
        rf"{_IT} (?:fällt|fiele) ohne {{them}} {_FROM_TO}",
    ),
    ending=(r"ohne {them},? spräche nichts (?:dafür|für diesen vorschlag)",),
    nothing=(
        rf"(?:deshalb|darum|daher) (?:empfehlen|zeigen) wir (?:dir|ihnen) {_IT}",
        rf"(?:deshalb|darum|daher) schlagen wir (?:dir|ihnen) {_IT} vor",
        rf"wir (?:empfehlen|zeigen) (?:dir|ihnen) {_IT}",
        rf"wir schlagen (?:dir|ihnen) {_IT} vor",
        rf"(?:empfehlen|zeigen) wir (?:dir|ihnen) {_IT}",
        r"(?:weil|da|denn|und|auch|deshalb|darum|daher)",
    ),
)
