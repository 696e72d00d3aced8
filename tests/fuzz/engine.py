"""Run one target under Atheris in this process, which Atheris ends: `python -m tests.fuzz.engine TARGET [OPTIONS]`.

The project is imported only after Atheris instruments the imports.
"""

import sys

import atheris

with atheris.instrument_imports(include=["client", "gateway"]):
    from tests.fuzz.targets import TARGETS

atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
atheris.Fuzz()
