"""How nets are trained: losses, negatives, the trainer, tracking. Needs the extra `train`; nothing that answers requests imports it."""

from importlib.util import find_spec

from bowerbird.errors import ConfigError


def require(kind: str) -> None:
    """Say what is missing, if the libraries that training needs are not installed.

    raises  ConfigError
    """
    missing = [name for name in ("torch", "lightning", "onnx") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"model {kind!r}: training needs {', '.join(missing)}; pip install 'bowerbird[train]'")
