import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bowerbird.errors import ConfigError
from bowerbird.serving import bind

SERVED = Path(__file__).parent / "served.py"


def start(port: int = 0, host: str = "127.0.0.1") -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, SERVED, host, str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_it_serves_until_ctrl_c() -> None:
    with start() as process:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        answer = httpx.get(f"{address}/healthz", timeout=10)
        assert answer.json() == {"status": "ok"}
        assert "server" not in answer.headers
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert (out, err) == ("", "")


def test_a_port_in_use_is_one_sentence() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with start(port) as process:
            out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err == f"port: {port} is in use on 127.0.0.1; choose another, or stop what listens there\n"


def test_an_address_that_is_not_ours_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"host: 192\.0\.2\.1 is not an address of this machine"):
        bind("192.0.2.1", 0)
    with pytest.raises(ConfigError, match=r"host: 'no such host' is no address"):
        bind("no such host", 0)


def test_whoever_binds_early_keeps_the_port() -> None:
    with bind("127.0.0.1", 0) as early, pytest.raises(ConfigError, match="is in use"):
        bind("127.0.0.1", early.getsockname()[1])
    with bind("::1", 0) if socket.has_ipv6 else bind("127.0.0.1", 0) as again:
        assert again.getsockname()[1] > 0


def test_requests_in_flight_are_finished() -> None:
    with start() as process, ThreadPoolExecutor() as pool:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        asked = pool.submit(httpx.get, f"{address}/v1/users/slow/recommendations", timeout=10)
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGTERM)
        assert asked.result().status_code == 200
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
