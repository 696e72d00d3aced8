"""The other checkout of a paired comparison: a directory, or a git revision in a temporary directory."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.servers import PROJECT, Unavailable


@contextlib.contextmanager
def checkout(tree: str) -> Iterator[Path]:
    """Yield the directory that `tree` names. Entering raises Unavailable if it has no gateway.

    A revision is unpacked from `git archive`, so it leaves nothing in the repository.
    """
    if Path(tree).is_dir():
        yield _with_gateway(Path(tree).resolve(), tree)
        return
    with tempfile.TemporaryDirectory(prefix="hubbub-bench-tree-") as directory:
        archive = Path(directory, "archive.tar")
        _run(tree, "git", "-C", str(PROJECT), "archive", "--output", str(archive), f"{tree}^{{commit}}", "gateway")
        _run(tree, "tar", "-xf", str(archive), "-C", directory)
        yield _with_gateway(Path(directory), tree)


def _with_gateway(directory: Path, tree: str) -> Path:
    if not (directory / "gateway" / "__main__.py").exists():
        raise Unavailable(f"{tree} holds no gateway (gateway/__main__.py)")
    return directory


def _run(tree: str, *command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{tree} is neither a directory nor a revision of this repository: {done.stderr.strip()}")
