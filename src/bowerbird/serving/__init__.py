"""The engine over HTTP, and the pages to try it on."""

from bowerbird.serving.app import create_app
from bowerbird.serving.logs import logging_to_stderr
from bowerbird.serving.run import bind, serve
from bowerbird.serving.security import Access, access_for
from bowerbird.serving.spans import Spans, spans_of

__all__ = ["Access", "Spans", "access_for", "bind", "create_app", "logging_to_stderr", "serve", "spans_of"]
