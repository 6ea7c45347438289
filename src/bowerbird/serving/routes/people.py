from typing import Annotated

from fastapi import APIRouter, Path
from pydantic_core import to_json
from starlette.responses import Response

from bowerbird import people
from bowerbird.bundle import now
from bowerbird.serving.deps import LiveEngine
from bowerbird.serving.fields import Id
from bowerbird.serving.schemas import DataOut, ErasedOut, ProfilingIn, ProfilingOut
from bowerbird.serving.wire import JsonBytes
from bowerbird.store import People

router = APIRouter(tags=["people"])

Person = Annotated[Id, Path(description="A user of the log.")]


@router.get("/v1/users/{user:path}/data", response_model=DataOut, summary="All that is kept of a user")
def get_data(user: Person, engine: LiveEngine) -> Response:
    """What they did, what they were shown, how they corrected their profile, and what is derived from it; empty lists for a stranger."""
    engine.flush()
    return JsonBytes(to_json(people.told(engine.store, user, engine)))


@router.get("/v1/users/{user:path}/profiling", summary="May a user be profiled?")
def get_profiling(user: Person, engine: LiveEngine) -> ProfilingOut:
    """Whether their events are stored and learned from, and their slates are their own."""
    since = People(engine.store).objecting(user)
    return ProfilingOut(user=user, allowed=since is None, objecting_since=since)


@router.put("/v1/users/{user:path}/profiling", summary="Say whether a user may be profiled")
def put_profiling(user: Person, body: ProfilingIn, engine: LiveEngine) -> ProfilingOut:
    """With `allowed` false, from now on: nothing they do is stored, what they did before teaches nobody, and their slates are those of a
    newcomer. What is kept of them stays until it is erased or expires. With `allowed` true that ends, and what was kept counts again."""
    (People(engine.store).allow if body.allowed else People(engine.store).object)(user, now())
    return get_profiling(user, engine)


@router.delete("/v1/users/{user:path}", summary="Erase a user")
def delete_user(user: Person, engine: LiveEngine) -> ErasedOut:
    """Delete their events and slates, at once and for good. What is learned while live is learned again without them, in all servers, in
    the background; a fitted model keeps what it has of them until it is fitted again, which then knows nothing of them."""
    return ErasedOut(user=user, deleted=people.erased(engine, user))
