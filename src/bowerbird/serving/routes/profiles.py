from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from bowerbird.explain import Language
from bowerbird.profiles import Edit
from bowerbird.serving import profiles
from bowerbird.serving.deps import LiveEngine
from bowerbird.serving.errors import NotFoundError
from bowerbird.serving.fields import Cited, Id
from bowerbird.serving.profiles import EditsOut, ProfileIn, ProfileOut

router = APIRouter(tags=["profiles"])

User = Annotated[Id, Path(description="A user of the log; a stranger has an empty profile.")]
Tongue = Annotated[Language | None, Query(description="Of the sentences; left out, as the bundle is set.")]

EXAMPLES = {
    "words": {"summary": "In words", "value": {"text": "mute horror, more documentaries, forget my gift shopping in May"}},
    "values": {"summary": "As values", "value": {"edits": [{"does": "mute", "topic": {"sort": "category", "name": "Horror"}}]}},
    "withdraw": {"summary": "Taken back", "value": {"edits": [{"does": "withdraw", "topic": {"sort": "category", "name": "Horror"}}]}},
}


@router.get("/v1/users/{user:path}/profile", response_model=ProfileOut, summary="What a user is after")
def get_profile(*, user: User, engine: LiveEngine, language: Tongue = None, evidence: Annotated[Cited, Query()] = 10) -> Response:
    """Interests and dislikes with their trend and evidence, sentences that are checked against it, and the user's corrections that stand.

    It is computed from the log when it is asked for: what was stored a moment ago counts.
    """
    return profiles.profile(engine.profile(user, language), evidence)


@router.patch("/v1/users/{user:path}/profile", response_model=ProfileOut, summary="Correct a profile")
def patch_profile(
    *,
    user: User,
    body: Annotated[ProfileIn, Body(openapi_examples=EXAMPLES)],
    engine: LiveEngine,
    language: Tongue = None,
    evidence: Annotated[Cited, Query()] = 10,
) -> Response:
    """Corrections act on the very next slate, and stand until they are withdrawn; they are durable when the answer arrives.

    Of words what was not understood is in `unheard`; where nothing was, nothing is stored and the answer is 422. Sent twice, a correction
    does what it does once.
    """
    return profiles.profile(engine.edit_profile(user, body.corrections, language), evidence)


@router.get("/v1/users/{user:path}/profile/edits", response_model=EditsOut, summary="The corrections that stand")
def get_edits(user: User, engine: LiveEngine) -> Response:
    """What the user said of their profile and has not withdrawn, oldest first."""
    return profiles.edits(user, engine.edits(user))


@router.delete("/v1/users/{user:path}/profile/edits/{edit}", response_model=ProfileOut, summary="Withdraw a correction")
def delete_edit(
    *,
    user: User,
    edit: Annotated[Id, Path(description="The id of a correction that stands.")],
    engine: LiveEngine,
    language: Tongue = None,
    evidence: Annotated[Cited, Query()] = 10,
) -> Response:
    """It stands no longer from the very next slate on; the answer is the profile without it. 404 if there is none of that id."""
    if edit not in {one.id for one in engine.edits(user)}:
        raise NotFoundError(f"edit {edit!r}: none of that id stands for user {user!r}")
    return profiles.profile(engine.edit_profile(user, [Edit(does="withdraw", id=edit)], language), evidence)
