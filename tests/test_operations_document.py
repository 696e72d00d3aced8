"""docs/operations.md against the code: its table of settings is the table that the gateway reads."""

from pathlib import Path

from gateway.config import Setting, table

DOCUMENT = Path(__file__).parent.parent / "docs" / "operations.md"
HEAD = "| option | variable | key in the file | default | reloadable | what it is |"


def cells(row: Setting) -> str:
    option = f"`{row.flag} {row.option}`" if row.option else ""
    option = option.replace("|", "\\|")
    file_form = " or `..._FILE`" if row.secret else ""
    reloadable = "yes" if row.reloadable else ""
    return " | ".join([option, f"`{row.variable}`{file_form}", f"`{row.name}`", row.shown, reloadable, row.help])


def test_its_table_is_the_table_of_settings() -> None:
    expected = [HEAD, "|---|---|---|---|---|---|", *(f"| {cells(row)} |" for row in table())]
    found = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("|")]
    found = found[found.index(HEAD) :][: len(expected)]
    assert found == expected, "the table should be:\n" + "\n".join(expected)
