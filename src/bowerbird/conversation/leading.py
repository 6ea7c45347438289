"""A conversation: the chat model takes steps, the engine has the items, and what neither can be sure of is not said."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field

from bowerbird.conversation.asking import Asker, LateError
from bowerbird.conversation.happening import Called, Happening, How, Reply
from bowerbird.conversation.names import Names
from bowerbird.conversation.prompt import prompt_of
from bowerbird.conversation.seam import Recommender
from bowerbird.conversation.settings import ConversationSettings
from bowerbird.conversation.step import Answering, Step, step_of
from bowerbird.conversation.talk import Handles, Talk
from bowerbird.conversation.tools import tools_for
from bowerbird.conversation.turn import Turn
from bowerbird.errors import LanguageError
from bowerbird.types import Prompt


@dataclass(frozen=True, eq=False)
class Conversation:
    """Leads conversations over an engine. Nothing is kept between turns: a talk comes whole each time.

    engine    has the items
    names     of its catalogue
    asker     asks the chat model; None = the rules lead
    settings  how far
    without   what is said of it where there is no asker
    """

    engine: Recommender
    names: Names
    asker: Asker | None = None
    settings: ConversationSettings = field(default_factory=ConversationSettings)
    without: How = "none"

    def reply(self, talk: Talk) -> Reply:
        """The answer to the user's last words.

        raises  StoreError
        cost    at most `settings.budget_s` for the model, then that of a recommendation and a search
        """
        *_, last = self.happenings(talk)
        assert isinstance(last, Reply)
        return last

    def happenings(self, talk: Talk) -> Generator[Happening]:
        """What happens in a turn as it does: calls, sentences as soon as they are whole and checked, and the whole answer at the end.

        raises  as `reply`
        """
        turn = Turn(self.engine, self.names, self.settings, talk, Handles.of(self.engine, talk.turns))
        how = self.without
        if self.asker is not None:
            turn.forget()
            try:
                if (yield from self._by_model(turn, self.asker, time.monotonic() + self.settings.budget_s)):
                    return
                how = "form"
            except LateError:
                how = "late"
            except LanguageError:
                how = "failed"
        yield from turn.broken_off() if turn.said else turn.by_rules(how)

    def _by_model(self, turn: Turn, asker: Asker, until: float) -> Generator[Happening, None, bool]:
        """Steps of the model until it answers; whether it did."""
        tools = tools_for(turn.talk.user)
        for left in range(self.settings.steps - 1, -1, -1):
            may = tuple(tools.values()) if left else ()
            form = step_of(may)
            step = yield from _heard(turn, asker, prompt_of(turn, form, may, self.settings.max_tokens), form, until)
            if step is None:
                return False
            if isinstance(step.next, Answering):
                yield from turn.answered(step.next)
                return True
            called: Called = turn.call(tools[step.next.tool], step.next)
            yield called
        return False


def _heard(turn: Turn, asker: Asker, prompt: Prompt, form: type[Step], until: float) -> Generator[Happening, None, Step | None]:
    """The next step, and the sentences of an answer as they come."""
    hearing = asker.ask(prompt, form, until)
    try:
        while True:
            if (sentence := turn.say(next(hearing))) is not None:
                yield sentence
    except StopIteration as end:
        step: Step | None = end.value
        return step
    finally:
        hearing.close()
