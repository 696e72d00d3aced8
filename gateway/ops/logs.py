"""The gateway's own log on standard error: an event name and fields, as text or as JSON lines.

A log line never contains the text of a message, a password or a token. Each line is one write, so lines of several
processes on one pipe do not mix (up to PIPE_BUF, 4096 bytes on Linux: write(2), pipe(7)). The main thread configures
it once; any thread logs.
"""

import logging
import sys

import structlog


def configure(form: str) -> None:
    """Configure structlog; `form` is "console" or "json" (one object per line, times in UTC)."""
    is_json = form == "json"
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if is_json else "%H:%M:%S", utc=is_json),
    ]
    if is_json:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        processors.append(_console())
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _console() -> structlog.dev.ConsoleRenderer:
    """Return a renderer without the values of variables in tracebacks, which an installed renderer might add."""
    is_terminal = sys.stderr.isatty()
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=is_terminal, pad_event_to=24, exception_formatter=plain)
