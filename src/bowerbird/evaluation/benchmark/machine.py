"""What the figures were measured with: the processor, the versions, the state of the code."""

import hashlib
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import bowerbird
from bowerbird.types import Json

PACKAGES = ("numpy", "scipy", "polars", "implicit", "numba", "onnxruntime", "torch", "lightning")


def machine() -> Json:
    """Processor, cores, system and Python."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Of the packages that the models stand on, those that are installed."""
    found = {"bowerbird": bowerbird.__version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def load() -> float | None:
    """How many processes wanted each core in the last minute; above 1, seconds are too long. None where the system does not tell."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (AttributeError, OSError):
        return None


@cache
def code() -> str:
    """8 hex digits that change with any source file of Bowerbird and with the versions of what it stands on."""
    digest = hashlib.sha256(repr(versions()).encode())
    folder = Path(bowerbird.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")
