"""What a worded reason may say in English."""

from bowerbird.explain.grammar import NEVER, Grammar

_IT = r"(?:it|this(?: one| item| pick| suggestion| recommendation)?)"
_THEM = (
    r"(?:that|that one|that item)",
    r"(?:them|these|those|both|(?:these|those|the) two|them both|both of them|these two items)",
    r"(?:them|these|those|(?:all|these|those|all of these|all the) three|all of them|these three items)",
)
_FALLS = r"(?:(?:would|will) )?(?:drop|fall|slip|sink|go|move)(?:s)?(?: down)?"
_PLACE = r"(?:rank |place |number |position )?"
_FROM_TO = rf"from {_PLACE}{{before}}(?: place| position)? (?:down )?to {_PLACE}{{after}}(?: place| position)?"
_TAKEN = r"(?:without {them}|(?:take|leave) (?:away|out) {them}|(?:take|leave) {them} (?:away|out))"
_ALSO = r"(?:all |also |each |too |{each} )*"
_WE = r"(?:we(?:'ve| have)?|we are|we're)"
_LIKE_THEM = r"(?:,? (?:just )?like (?:{titles}|them|these|those|that one)|,? too|,? as well)?"

GRAMMAR = Grammar(
    together=r"and|&",
    them=_THEM,
    both=(NEVER, "both", "all three"),
    each=("both", "both|all three", "all three|all four"),
    liking=(
        r"you(?:'ve| have)?(?: also)? (?:liked|enjoyed) (?:{both} (?:of )?|the )?{titles}",
        r"your (?:liking|enjoyment) (?:of|for) (?:{both} (?:of )?|the )?{titles}",
    ),
    citing=(
        r"(?:because of|thanks to|due to|based on|on account of|given|going by|inspired by) (?:{both} (?:of )?|the )?{titles}",
        r"(?:{both},? )?{titles} (?:speaks?|counts?|stands?) for " + _IT,
    ),
    sharing=(
        rf"(?:and )?{_IT},? (?:one )?(?:is|'s) {_ALSO}(?:an? )?{{attributes}}" + _LIKE_THEM,
        rf"(?:which|who|they|these|those|{{each}}|all of them|{{titles}}) (?:is|are) {_ALSO}{{attributes}}" + _LIKE_THEM,
        rf"(?:they|{{each}}|all|{_IT})? ?(?:all |also |{{each}} )?shares? (?:the )?{{attributes}}(?: with (?:{{titles}}|them|it))?",
        r"(?:also|all|{each}|another|too|in common:|all of them) {attributes}" + _LIKE_THEM,
        r"(?:is |it is |it's |this is |here is )?(?:also )?(?:some )?more (?:of your )?{attributes}",
        r"with {attributes} in common",
        r"{attributes},? (?:too|as well)",
    ),
    wording=(r"(?:also |all |{each} |all of them )?(?:with|share|have|has) (?:the word )?{word} in (?:the|their|its) titles?",),
    falling=(
        rf"{_TAKEN}(?:,? and|,)? {_IT} {_FALLS} {_FROM_TO}",
        rf"{_IT} {_FALLS} {_FROM_TO} without {{them}}",
        rf"{_IT} (?:ranks|is ranked|comes|stands) (?:at )?(?:number )?{{before}}(?: place| for you)?",
    ),
    ending=(
        rf"{_TAKEN}(?:,? and|,)? nothing (?:would|will) speak for {_IT}",
        rf"nothing (?:would|will) speak for {_IT} without {{them}}",
        rf"{_IT} (?:ranks|is ranked|comes|stands) (?:at )?(?:number )?{{before}}(?: place| for you)?",
    ),
    nothing=(
        rf"(?:that(?:'s| is) why )?{_WE} (?:picked|chose|chosen|suggest(?:ed|ing)?|recommend(?:ed|ing)?|show(?:ing)?)"
        rf"(?: you)? {_IT}(?: for you| to you| here)?",
        rf"{_IT} (?:is|was) (?:picked|chosen|suggested|recommended|shown|here)(?: for you| to you)?",
        r"(?:picked|chosen|suggested|recommended)(?: for you)?(?= (?:because|since|as|due|based|thanks|given))",
        rf"here(?:'s| is) {_IT}",
        r"(?:because|since|as|so|and|that(?:'s| is) why|also)",
    ),
)
