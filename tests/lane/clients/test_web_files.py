"""The files of the page as they are served."""

from importlib.resources import files

from gateway.lane.clients.web_files import pages


def _script(path: str) -> str:
    return pages()[f"/{path}"].plain.decode()


def test_scripts_are_served_without_documentation_comments() -> None:
    served = _script("session.js")
    source = files("gateway").joinpath("web/session.js").read_text("utf-8")
    assert "/**" in source
    assert "/**" not in served
    assert "export class Session {" in served
    assert "// give this connection up" in served


def test_a_line_of_a_served_script_has_the_number_of_its_source() -> None:
    """An error that a browser reports names the line in the repository."""
    for path in ("session.js", "view/dom.js"):
        source = files("gateway").joinpath(f"web/{path}").read_text("utf-8").splitlines()
        served = _script(path).splitlines()
        assert len(served) == len(source)
        code = [line for line in served if line.startswith(("export ", "import ", "const "))]
        assert code
        assert all(source[served.index(line)] == line for line in code)
