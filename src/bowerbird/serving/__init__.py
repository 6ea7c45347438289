"""The engine over HTTP, and the pages to try it on."""

from bowerbird.serving.app import create_app
from bowerbird.serving.run import bind, serve
from bowerbird.serving.security import Access, access_for

__all__ = ["Access", "access_for", "bind", "create_app", "serve"]
