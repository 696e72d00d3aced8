"""One target under Atheris, in this process, until it ends it: `python -m tests.fuzz.engine TARGET [OPTIONS]`.

Imports nothing of the project before Atheris watches the imports.
"""

import sys

import atheris

with atheris.instrument_imports(include=["client", "gateway"]):
    from tests.fuzz.targets import TARGETS

atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
atheris.Fuzz()
