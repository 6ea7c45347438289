import os
import signal
import time
from functools import partial

import numpy as np
import pytest

from bowerbird.errors import DataError
from bowerbird.evaluation.benchmark.apart import apart, peak_memory
from bowerbird.protocols import silent

MB = 2**20


def hold(megabytes, progress):
    progress("holding", 1, 2)
    return {"sum": float(np.ones(megabytes * MB // 8).sum()), "process": os.getpid(), "threads": os.environ["OMP_NUM_THREADS"]}


def refuse(progress):
    raise DataError("toy: there is nothing to learn from")


def stumble(progress):
    raise ZeroDivisionError


def die(how, progress):
    os.kill(os.getpid(), how)


def interrupt(file, progress):
    """As a terminal does it: both get the signal; and again, should a callback of the garbage collector have swallowed it."""
    file.write_text(str(os.getpid()))
    for _ in range(4):
        for process in (os.getpid(), os.getppid()):
            os.kill(process, signal.SIGINT)
        time.sleep(15)


def test_a_job_answers_from_a_process_of_its_own():
    steps = []
    before = dict(os.environ)
    outcome = apart(partial(hold, 1), 3, lambda *step: steps.append(step))
    assert outcome.fault == ""
    assert outcome.value["sum"] == MB / 8
    assert outcome.value["process"] != os.getpid()
    assert outcome.value["threads"] == "3"
    assert steps == [("holding", 1, 2)]
    assert dict(os.environ) == before


def test_the_peak_is_that_of_the_job_and_not_of_who_asked():
    ballast = np.ones(400 * MB // 8)
    small, large = (apart(partial(hold, megabytes), 1, silent).peak_bytes for megabytes in (1, 200))
    assert large - small == pytest.approx(199 * MB, rel=0.1)
    assert small < ballast.nbytes <= peak_memory()


def test_a_refusal_is_a_sentence():
    assert apart(refuse, 1, silent).fault == "toy: there is nothing to learn from"


def test_any_other_error_is_printed_and_how_it_ended_is_said(capfd):
    outcome = apart(stumble, 1, silent)
    assert (outcome.value, outcome.fault) == (None, "its process ended with exit code 1")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_process_that_the_kernel_ends_is_a_sentence():
    assert apart(partial(die, signal.SIGKILL), 1, silent).fault == "its process was ended by SIGKILL (too little memory?)"
    assert apart(partial(die, signal.SIGSEGV), 1, silent).fault == "its process was ended by SIGSEGV"


def test_ctrl_c_is_heard_by_who_asked_and_the_process_ends(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        apart(partial(interrupt, tmp_path / "process"), 1, silent)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "process").read_text()), 0)
