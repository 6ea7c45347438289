"""`?trace=1`: the stages of a request in its own answer, for who runs the server."""

from time import perf_counter_ns
from typing import Annotated

from fastapi import Depends, Query
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bowerbird.serving.security.needs import OPERATE, lacking
from bowerbird.tracing import Trace, current

Wanted = Annotated[bool, Query(description="`trace` in the answer says what each stage took; needs the scope operate as well.")]


async def _traced(request: Request, trace: Wanted = False) -> Trace | None:
    key = getattr(request.state, "key", None)
    why = lacking(key, OPERATE) if trace and key is not None else None
    if why is not None:
        raise HTTPException(403, f"trace: {why}")
    return current() if trace else None


Traced = Annotated[Trace | None, Depends(_traced)]


def with_stages(body: bytes, trace: Trace) -> bytes:
    """A JSON object with one more field, `trace`: milliseconds of each stage, and `total` since the first byte of the request.

    >>> with_stages(b'{"items":[]}', Trace())[:31]
    b'{"items":[],"trace":{"total":0.'
    """
    took: dict[str, float] = dict(trace.milliseconds()) | {"total": (perf_counter_ns() - trace.begun) / 1e6}
    return body[:-1] + b',"trace":' + to_json({stage: round(ms, 3) for stage, ms in took.items()}) + b"}"
