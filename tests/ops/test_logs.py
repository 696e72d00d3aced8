"""The process's own log, as an operator's machine and eyes read it."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import sys, structlog
from gateway.ops import logs
logs.configure(sys.argv[1])
structlog.get_logger().info("listening", address="127.0.0.1:6667")
structlog.get_logger().debug("unseen")
"""


FAULT = """
import sys, structlog
from gateway.ops import logs
logs.configure(sys.argv[1])
def check(password):
    raise LookupError("a fault")
try:
    check("s3" + "cr3t")
except LookupError as error:
    structlog.get_logger().error("fault", exc_info=error)
"""


def logged(form: str, program: str = PROGRAM) -> str:
    ran = subprocess.run([sys.executable, "-c", program, form], capture_output=True, text=True, timeout=20, check=True)
    assert ran.stdout == ""
    return ran.stderr


def test_json_is_one_object_a_line() -> None:
    (line,) = logged("json").splitlines()
    entry = json.loads(line)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "listening", "address": "127.0.0.1:6667", "level": "info"}


def test_console_is_plain_where_there_is_no_terminal() -> None:
    (line,) = logged("console").splitlines()
    assert "listening" in line
    assert "address=127.0.0.1:6667" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_tells_where_and_what_but_no_values(form: str) -> None:
    """Also where `rich` is installed, which would write the local variables into it."""
    told = logged(form, FAULT)
    assert "LookupError: a fault" in told
    assert "in check" in told
    assert "s3cr3t" not in told
