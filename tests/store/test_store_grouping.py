"""Group commit: what waits is done together, in order, and whoever cannot be served is told so alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bowerbird.errors import StoreError, UnavailableError
from bowerbird.store import SqlStore
from bowerbird.store.grouping import Grouped
from bowerbird.types import Event


class Disk:
    """Does jobs, which are words, and remembers the groups; the first waits until it is let go."""

    def __init__(self) -> None:
        self.groups, self.begun, self.go = [], threading.Event(), threading.Event()

    def __call__(self, jobs):
        self.begun.set()
        assert self.go.wait(20)
        if "bad" in jobs:
            raise StoreError(f"{len(jobs)} jobs, one of them bad")
        if "gone" in jobs:
            raise UnavailableError("the disk is gone")
        self.groups.append(list(jobs))
        return len(self.groups)


def together(disk, jobs, most=100, held=100):
    """The first job holds up the others, which then wait together."""
    grouped = Grouped(disk, size=len, most=most, held=held)
    with ThreadPoolExecutor(len(jobs)) as pool:
        first = pool.submit(grouped, jobs[0])
        assert disk.begun.wait(20)
        others = []
        for n, job in enumerate(jobs[1:], 1):
            others.append(pool.submit(grouped, job))
            while len(grouped._waiting) + sum(other.done() for other in others) < n:
                pass
        disk.go.set()
        return [one.exception() or one.result() for one in (first, *others)]


def test_who_waits_is_done_together_and_in_order():
    disk = Disk()
    assert together(disk, ["a", "b", "c", "d"]) == [1, 2, 2, 2]
    assert disk.groups == [["a"], ["b", "c", "d"]]


def test_a_group_is_bounded_but_a_job_alone_may_be_larger():
    disk = Disk()
    together(disk, ["a", "bb", "bb", "cccccc", "d"], most=4)
    assert disk.groups == [["a"], ["bb", "bb"], ["cccccc"], ["d"]]


def test_a_bad_job_does_not_take_the_others_with_it():
    disk = Disk()
    first, good, bad, better = together(disk, ["a", "b", "bad", "c"])
    assert (first, good, better) == (1, 2, 3)
    assert str(bad) == "1 jobs, one of them bad"
    assert disk.groups == [["a"], ["b"], ["c"]]


def test_a_disk_that_is_gone_is_asked_once_for_all():
    disk = Disk()
    answers = together(disk, ["a", "b", "gone", "c"])
    assert answers[0] == 1
    assert [str(answer) for answer in answers[1:]] == ["the disk is gone"] * 3
    assert len(set(map(id, answers[1:]))) == 3, "each gets an error of its own to raise"


def test_more_than_is_held_is_refused():
    answers = together(Disk(), ["a", "bbb", "cc", "d"], held=4)
    assert answers[:2] == [1, 2]
    assert isinstance(answers[2], UnavailableError)
    assert "3 rows wait to be written already; nothing of this call was stored" in str(answers[2])
    assert answers[3] == 2


def test_a_leader_that_is_broken_off_leaves_nobody_waiting():
    def broken(jobs):
        raise KeyboardInterrupt

    grouped = Grouped(broken, size=len, most=9, held=9)
    with pytest.raises(KeyboardInterrupt):
        grouped("a")
    with pytest.raises(KeyboardInterrupt):
        grouped("b")


def test_many_threads_share_few_commits(url):
    with SqlStore(url) as store:
        commits, done = [], store._append
        store._appended._do = lambda batches: (commits.append(len(batches)), done(batches))[1]
        gate = threading.Barrier(16)

        def work(user):
            gate.wait()
            return [store.append([Event(user, f"{n}", key=f"{user}-{n}")]) for n in range(10)]

        with ThreadPoolExecutor(16) as pool:
            offsets = list(pool.map(work, [f"u{n}" for n in range(16)]))
        assert sum(commits) == store.count() == 160
        assert len(commits) < 100
        assert all(mine == sorted(set(mine)) for mine in offsets)
        assert all([event.item for event in store.history(f"u{n}", 99)] == [str(m) for m in range(10)] for n in range(16))
