"""The process's own log, for machines and for people."""

import json
import os
import socket
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
    ran = subprocess.run([sys.executable, "-c", program, form], capture_output=True, text=True, timeout=60, check=True)
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
    """Also if `rich` is installed, which would write local variables into the log."""
    told = logged(form, FAULT)
    assert "LookupError: a fault" in told
    assert "in check" in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize("is_unbuffered", ["", "1"])
@pytest.mark.parametrize("form", ["console", "json"])
def test_a_line_is_one_write(form: str, is_unbuffered: str) -> None:
    """Lines of several gateways that share a pipe must not be mixed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # keeps each write by itself
    with ours:
        with theirs:
            for program in (PROGRAM, FAULT):
                command = [sys.executable, "-c", program, form]
                environment = os.environ | {"PYTHONUNBUFFERED": is_unbuffered}
                subprocess.run(command, stderr=theirs.fileno(), env=environment, timeout=60, check=True)
        writes = list(iter(lambda: ours.recv(65_536), b""))
    assert len(writes) == 2
    assert all(written.endswith(b"\n") for written in writes)
