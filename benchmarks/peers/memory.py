"""The peak of a process's memory, and how to forget it, so that each model has its own."""

import resource
import sys
from pathlib import Path


def peak_mb() -> float:
    """The most that was resident since the last `forget_peak`, in 10⁶ bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        kib = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(kib) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) / 1e6


def forget_peak() -> None:
    """Count anew from what is resident now; where the system cannot, the peak stays that of the whole process."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return
