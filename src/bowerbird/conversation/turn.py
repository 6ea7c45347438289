"""One turn of a conversation while it is led: what was called, said and found so far."""

import hashlib
import json
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from bowerbird.config import Settings
from bowerbird.conversation.consent import allowed
from bowerbird.conversation.happening import WHY, Called, Happening, How, Reply, Said
from bowerbird.conversation.names import Names
from bowerbird.conversation.phrases import PHRASES, Phrases
from bowerbird.conversation.rules import led_by_rules
from bowerbird.conversation.seam import Recommender, title_of
from bowerbird.conversation.sentences import checked
from bowerbird.conversation.settings import ConversationSettings
from bowerbird.conversation.step import Answering, arguments
from bowerbird.conversation.talk import Handles, Talk
from bowerbird.conversation.tools import Caller, Tool
from bowerbird.conversation.values import Feedback, Hit, Result
from bowerbird.errors import ConfigError, DataError
from bowerbird.types import ItemId, Json

TOLD = 12
"""Messages that the model is told of, the last ones of a talk."""


@dataclass(eq=False)
class Turn:
    """A turn.

    handles  of the items of the talk
    seen   the calls and their results, as the model is told of them
    said   the sentences that are shown
    """

    engine: Recommender
    names: Names
    settings: ConversationSettings
    talk: Talk
    handles: Handles
    seen: list[Json] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _calls: list[Called] = field(default_factory=list)
    _results: list[Result] = field(default_factory=list)
    _named: list[str] = field(default_factory=list)
    _hits: dict[ItemId, Hit] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)
    _dropped: int = 0

    def __post_init__(self) -> None:
        if self.handles.gone:
            self._notes.append(f"{self.handles.gone} items of earlier answers cannot be had now, and were left out")

    @property
    def _phrases(self) -> Phrases:
        return PHRASES[self.talk.language or "en"]

    def forget(self) -> None:
        """Note how much of a long talk the model is not told of."""
        if (more := len(self.talk.turns) - TOLD) > 0:
            self._notes.append(f"the chat model was told of the last {TOLD} messages, and not of {more} before them")

    def say(self, words: str) -> Said | None:
        """A sentence of the model, if it may be shown."""
        if self.settings.words == "template":
            return None
        sentence = checked(words, self.handles, self.names)
        if sentence is None:
            self._dropped += 1
            return None
        self._named += sentence.handles
        return self._shown(sentence.text)

    def call(self, tool: Tool, asked: Settings) -> Called:
        """Do what the model asks for, as far as it may, and note what came of it."""
        given = arguments(asked)
        if any(one.tool == tool.name and one.given == given for one in self._calls):
            return self._noted(Called(tool.name, given, error="this was called before, with the result that stands there"), Result())
        try:
            result = self._written(tool, given) if tool.writes else tool(self.engine, given, self._caller)
        except (DataError, ConfigError) as error:
            if tool.writes:
                self._notes.append(f"nothing was stored: {error}")
            return self._noted(Called(tool.name, given, error=str(error)), Result())
        return self._noted(Called(tool.name, given, len(result.items)), result)

    def answered(self, answer: Answering) -> Generator[Happening]:
        """The model's answer: its sentences, said before, and its items, those that the sentences name where it lists none; without what
        nothing in this talk has returned."""
        wanted = dict.fromkeys([handle.strip().strip("[]") for handle in answer.items] or self._named)
        kept = [hit for handle in wanted if (hit := self._hit(handle)) is not None]
        self._dropped += len(wanted) - len(kept)
        if not self.said:
            lines = self._results[-1].lines if self._results else ()
            for sentence in [self._phrases.picked] if kept else lines or [self._phrases.nothing]:
                yield self._shown(sentence)
        yield self._reply("model", kept)

    def broken_off(self) -> Generator[Happening]:
        """The end of a turn whose model fell silent in the middle of its answer."""
        self._notes.append("the chat model broke off in the middle of its answer")
        yield from self.answered(Answering())

    def by_rules(self, how: How) -> Generator[Happening]:
        """What tools returned before the model failed, else what the rules find."""
        self._notes.append(WHY[how])
        found, sentence = next((result for result in reversed(self._results) if result.items), None), self._phrases.found
        if found is None:
            sentence, found = led_by_rules(self.engine, self.talk)
            self._notes += found.notes
        yield self._shown(sentence)
        yield self._reply(how, [hit for hit in found.items if title_of(self.engine, hit.item) is not None])

    def _shown(self, sentence: str) -> Said:
        self.said.append(sentence)
        return Said(sentence)

    def _hit(self, handle: str) -> Hit | None:
        """The item of a handle, if it can be had now."""
        item = self.handles.known(handle)
        row = None if item is None else self.engine.item(item)
        if item is None or row is None or row.get("available") is False:
            return None
        return self._hits.get(item) or Hit(item=item, title=self.handles.titles[item], categories=tuple(row.get("categories") or ()))

    @property
    def _caller(self) -> Caller:
        """Whoever talks; what is stored for them in one turn is stored once, though the talk is sent again."""
        said = json.dumps([self.talk.user, [[turn.role, turn.text, turn.items] for turn in self.talk.turns]])
        key = f"conversation/{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:32]}"
        return Caller(self.talk.user, self.handles.item, self.talk.language, key)

    def _written(self, tool: Tool, given: Json) -> Result:
        """What the user's own last words allow, done."""
        result = tool(self.engine, allowed(Feedback.model_validate(given), self.talk, self.handles).model_dump(), self._caller)
        self._notes += result.lines if result.items else ["your profile was corrected as you said"]
        return result

    def _noted(self, called: Called, result: Result) -> Called:
        self._calls.append(called)
        self._results.append(result)
        self._hits |= {hit.item: hit for hit in result.items if hit.reason or hit.item not in self._hits}
        lines = self.handles.take(result)
        self.seen.append(
            {
                "called": {"tool": called.tool, **called.given},
                **({"error": called.error} if called.error else {}),
                "items": list(self._told(result.items)),
                "lines": [{"handle": f"[{handle}]", "line": line} for handle, line in zip(lines, result.lines, strict=True)],
                "notes": result.notes,
            }
        )
        return called

    def _told(self, hits: Iterable[Hit]) -> Generator[Json]:
        for hit in hits:
            for handle in self.handles.of_items([hit.item]):
                yield {"handle": f"[{handle}]", "title": hit.title, "categories": hit.categories[:5]}

    def _reply(self, how: How, items: list[Hit]) -> Reply:
        if self._dropped:
            self._notes.append(f"{self._dropped} sentences or items of the chat model were dropped: they name what no tool returned")
        return Reply(" ".join(self.said), tuple(items), how, tuple(self._calls), tuple(self._notes), self._dropped)
