"""Whether what tuning needs is installed."""

from importlib.util import find_spec

from bowerbird.errors import ConfigError


def require() -> None:
    """raises  ConfigError that says what to install, if it is not"""
    missing = [name for name in ("torch", "lightning", "onnx", "transformers", "peft") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"tune-encoder: needs {', '.join(missing)}; pip install 'bowerbird[train]'")
