"""The gateway's own log, on standard error: an event name and fields, for people or as JSON lines.

Never the text of a message, a password or a token. Each line is one write, so that lines of several processes
that share a pipe stay whole (up to PIPE_BUF, 4096 bytes on Linux: write(2), pipe(7)). Set up once by the main
thread; any thread logs.
"""

import logging
import sys

import structlog


def configure(form: str) -> None:
    """`form` is "console" or "json" (one object a line, times in UTC)."""
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
    """Tracebacks without the values of variables, which a renderer found on the machine might add."""
    is_terminal = sys.stderr.isatty()
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=is_terminal, pad_event_to=24, exception_formatter=plain)
