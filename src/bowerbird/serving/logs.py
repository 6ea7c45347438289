"""The log of a server: lines of JSON or of plain text, one of them for each request, all with the request's id."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from bowerbird.serving.handled import Handled
from bowerbird.tracing import current

Format = Literal["text", "json"]

FIELDS = "fields"
"""What a record carries beside its message, by name."""

requests = logging.getLogger("bowerbird.requests")


def tell(handled: Handled) -> None:
    """One line of a request that is over. It names the route's template and the id of the key: no user, no item, no text of theirs."""
    if not requests.isEnabledFor(logging.INFO):
        return
    trace = handled.trace
    fields = {
        "request": trace.id,
        "method": handled.method,
        "route": handled.route,
        "status": handled.status,
        "ms": round(handled.seconds * 1000, 2),
        "stages": {stage: round(ms, 2) for stage, ms in trace.milliseconds().items()},
        "error": handled.error,
        "key": handled.key,
        "trace_id": trace.trace_id,
    }
    said = {name: value for name, value in fields.items() if value is not None and value != {}}
    requests.info("%s %s %d %.1f ms", handled.method, handled.route, handled.status, handled.seconds * 1000, extra={FIELDS: said})


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, then what it carries; a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, ASCII."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_carried(record),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


class TextLines(logging.Formatter):
    """A record as a line to read, with the id of its request at the end; a traceback below it where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, or more where something failed."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        request = _carried(record).get("request")
        message = record.getMessage().replace("\n", "\\n")
        line = f"{at} {record.levelname:<7} {record.name}: {message}" + (f" [{request}]" if request else "")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _carried(record: logging.LogRecord) -> dict[str, Any]:
    trace = current()
    return {**({} if trace is None else {"request": trace.id}), **getattr(record, FIELDS, {})}


@contextmanager
def logging_to_stderr(how: Format) -> Iterator[None]:
    """Write what is logged, from INFO on for our own loggers and WARNING for others', to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if how == "json" else TextLines())
    root, ours = logging.getLogger(), logging.getLogger("bowerbird")
    level = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(level)
