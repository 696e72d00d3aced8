"""gateway/web in node: the modules that need no browser."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

WEB: Final = Path(__file__).parent.parent.parent / "gateway" / "web"
DEADLINE_S: Final = 120
_NODE: Final = shutil.which("node")
needs_node = pytest.mark.skipif(_NODE is None, reason="the modules of the page need node: apt-get install nodejs")


@cache
def command() -> tuple[str, ...]:
    """Return node, with the option by which node 18 loads the modules of the page, which have no package.json."""
    assert _NODE is not None
    version = subprocess.run([_NODE, "--version"], capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    major = int(version.stdout.removeprefix("v").split(".")[0])
    return (_NODE, "--experimental-default-type=module") if major < 20 else (_NODE,)


def evaluate(module: str, body: str, it: object = None) -> Any:
    """Run the body of a function of `it`, with the exports of a module as `m`; return its result."""
    body = body.replace('import("./', f'import("{WEB.as_uri()}/')
    script = f"""
        import {{ readFileSync }} from "node:fs";
        const m = await import({json.dumps(f"{WEB.as_uri()}/{module}")});
        const it = JSON.parse(readFileSync(0, "utf8"));
        const result = await (async () => {{ {body} }})();
        process.stdout.write(JSON.stringify(result));
    """
    ran = subprocess.run(
        [*command(), "--input-type=module", "--eval", script],
        input=json.dumps(it),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
