"""Two servers on one PostgreSQL, as processes: they see each other's events, and one after the other restarts without a request lost."""

import threading
import time
from itertools import count
from pathlib import Path

import httpx
import pytest
from replicas import Replica, running
from test_serving_live import tiny

from bowerbird.store import SqlStore


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "bundle"
    tiny().save(path)
    return path


def shown(client: httpx.Client, user: str) -> list[str]:
    return [one["item"] for one in client.get(f"/v1/users/{user}/recommendations", params={"k": 22}).raise_for_status().json()["items"]]


class Balancer:
    """Sends requests to servers that say that they are ready, in turn, as fast as they are answered."""

    def __init__(self, *addresses: str) -> None:
        self.ready: dict[str, bool] = dict.fromkeys(addresses, True)
        self.failed: list[str] = []
        self.answered = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._look, self._send)]

    def __enter__(self) -> "Balancer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        until = self.answered + more
        while self.answered < until:
            assert not self.failed, self.failed
            time.sleep(0.01)

    def _look(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self._over.wait(0.05):
                for address in list(self.ready):
                    try:
                        self.ready[address] = client.get(f"{address}/readyz").status_code == 200
                    except httpx.TransportError:
                        self.ready[address] = False

    def _send(self) -> None:
        with httpx.Client(timeout=60) as client:
            for n in count():
                calls = {"/v1/events": {"user": "load", "item": "3", "key": f"load-{n}"}, "/v1/recommendations": {"user": "load"}}
                for path, body in calls.items():
                    while not self._over.is_set() and not self._sent(client, path, body, n):
                        pass
                if self._over.is_set():
                    return

    def _sent(self, client: httpx.Client, path: str, body: dict, n: int) -> bool:
        """Whether it was answered; a refusal that says to come again is followed."""
        choice = [one for one, ready in list(self.ready.items()) if ready]
        address = choice[n % len(choice)]
        try:
            answer = client.post(f"{address}{path}", json=body)
        except httpx.TransportError as error:
            self.failed.append(f"{address}: {error!r}")
            return False
        if answer.status_code == 503 and "retry-after" in answer.headers:
            return False
        if answer.status_code not in (200, 201):
            self.failed.append(answer.text)
        self.answered += 1
        return True


def test_replicas_share_one_log_and_restart_one_by_one(bundle: Path, postgres_url: str) -> None:
    with running(Replica(bundle, postgres_url, linger_s=3), Replica(bundle, postgres_url, linger_s=3)) as replicas:
        one, other = replicas
        with one.client() as here, other.client() as there:
            assert shown(there, "cyd") == []
            here.post("/v1/events", json={"user": "cyd", "item": "3", "kind": "like"}).raise_for_status()
            seen = shown(there, "cyd")
            assert seen
            assert "3" not in seen
            there.post("/v1/events", json={"user": "cyd", "item": seen[0], "kind": "like"}).raise_for_status()
            assert seen[0] not in shown(here, "cyd")
            assert shown(here, "cyd") == shown(there, "cyd")
        with Balancer(one.address, other.address) as balancer:
            balancer.wait_for(20)
            one.term()
            assert one.ended() == (0, "")
            balancer.wait_for(10)
            replicas.append(Replica(bundle, postgres_url))
            balancer.ready[replicas[-1].address] = True
            balancer.wait_for(20)
            other.term()
            assert other.ended() == (0, "")
            balancer.wait_for(10)
        assert balancer.failed == []
    with SqlStore(postgres_url) as store:
        kept = [event.key for event in store.history("load", 10**6)]
    assert len(kept) == len(set(kept)) >= balancer.answered // 2
