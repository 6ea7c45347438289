"""The engine over HTTP, and the pages to try it on."""

from bowerbird.serving.app import create_app
from bowerbird.serving.run import bind, serve

__all__ = ["bind", "create_app", "serve"]
