"""The process's own log, as an operator's machine and eyes read it."""

import json
import subprocess
import sys

PROGRAM = """
import sys, structlog
from gateway.ops import logs
logs.configure(sys.argv[1])
structlog.get_logger().info("listening", address="127.0.0.1:6667")
structlog.get_logger().debug("unseen")
"""


def logged(form: str) -> str:
    ran = subprocess.run([sys.executable, "-c", PROGRAM, form], capture_output=True, text=True, timeout=20, check=True)
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
