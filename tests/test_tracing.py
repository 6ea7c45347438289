import asyncio
import time

import pytest

from bowerbird.tracing import STAGES, current, looked, stage, staged, tracing


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_a_stage_inside_another_is_taken_out_of_its_time() -> None:
    with tracing() as trace, stage("explain"):
        spin(0.002)
        with stage("score"):
            spin(0.004)
    took = trace.milliseconds()
    outer, inner = (next(mark for mark in trace.marks if mark.stage == name) for name in ("explain", "score"))
    assert outer.begin <= inner.begin <= inner.end <= outer.end
    assert outer.own + inner.own == outer.end - outer.begin
    assert took["score"] >= 4
    assert took["explain"] >= 2
    assert list(took) == [name for name in STAGES if name in took]


def test_stages_of_one_name_add_up_and_one_that_fails_counts() -> None:
    @staged("arrange")
    def fails() -> None:
        raise KeyError

    with tracing() as trace:
        for _ in range(2):
            with pytest.raises(KeyError):
                fails()
        with stage("json"):
            pass
    assert [mark.stage for mark in trace.marks] == ["arrange", "arrange", "json"]
    assert trace.milliseconds()["arrange"] == sum(mark.own for mark in trace.marks[:2]) / 1e6


def test_nothing_is_noted_where_nobody_traces() -> None:
    with stage("score"):
        looked("phrases", 1, 1)
        assert current() is None
    with tracing() as trace:
        pass
    assert (trace.marks, trace.looks, current()) == ([], {}, None)


def test_threads_that_are_handed_the_context_note_into_the_trace_of_their_request() -> None:
    def work(name: str) -> None:
        with stage("score"):
            looked("vectors", len(name), 0)

    async def request(name: str) -> dict:
        with tracing(name) as trace:
            await asyncio.sleep(0)
            await asyncio.to_thread(work, name)
        return {"id": trace.id, "hits": trace.looks["vectors", True], "marks": len(trace.marks)}

    async def several() -> list[dict]:
        return await asyncio.gather(*map(request, ("a", "bb", "ccc")))

    assert asyncio.run(several()) == [{"id": name, "hits": len(name), "marks": 1} for name in ("a", "bb", "ccc")]
