"""The rules of language that can be counted: in documents, docstrings and comments.

docs/architecture.md has the glossary. A word in RETIRED is an older name of one of its terms.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COLUMNS = 100

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FOLDERS = ("client", "deploy", "gateway", "tests")
SUFFIXES = {".py", ".lua", ".js", ".css", ".html", ".toml", ".yml", ".json"}

RETIRED = {
    # A room's log
    "void": "rejected",
    "voids": "rejects",
    "voided": "rejected",
    "Void": "Rejection",
    "redis_away": "redis_unavailable",
    "Redis is away": "Redis is unavailable",
    "Redis was away": "Redis was unavailable",
    "keep_s": "retry_queue_age_s",
    "keep_bytes": "retry_queue_bytes",
    "KEEP_S": "RETRY_QUEUE_AGE_S",
    "KEEP_BYTES": "RETRY_QUEUE_BYTES",
    "beside the log": "ephemeral, or: is not stored",
    "pass_on": "publish_ephemeral",
    "comes_again": "is_replayed",
    "_look_back": "_find_in_log",
    "when_whole": "after_recovery",
    "said_id": "client_msgid",
    "in silence": "without output",
    # Gateways and lanes
    "rebirth": "rekey",
    "Rebirth": "Rekey",
    "go_on_as": "rekeyed",
    "now_called": "current_sid",
    "taken for dead": "declared dead",
    "taken_for_dead": "declared_dead",
    "came_back": "lease_recovered",
    "stood_still": "stalled",
    "stood still": "stalled",
    "stands still": "stalls",
    "ghosts": "orphaned members",
    "Ghosts": "OrphanedMembers",
    "bulletin": "directory publisher",
    "Bulletin": "DirectoryPublisher",
    "Census": "UserCounts",
    "Headcount": "GatewayCounts",
    "upkeep": "link probe",
    "Upkeep": "LinkProbe",
    "is_well": "is_healthy",
    "ask_for_others": "after_replicated",
    # Clients and users
    "hubbub_opening": "hubbub_pending_connections",
    "hubbub_parked": "hubbub_waiting_handlers",
    "ASKED_BY": "NOTIFY_CAPABILITY",
    "room_in_view": "active_room",
    "unsay": "delete_direct",
    "known_as": "client_side_nick",
    "admit_loss": "send_nick_loss",
    "lose_kept": "drop_detached_members",
    # The two clients
    "deeds": "session_actions",
    "desk": "controller",
    "courtesies": "typing_and_read_markers",
    "line_maker": "entry_factory",
}
"""Retired term -> the standard one."""
UNCLEAR = {
    "told": "notified, sent or shown",
    "tells": "notifies, sends or shows",
    "whoever": "a named subject",
    "mend": "repair",
    "mends": "repairs",
    "mended": "repaired",
    "doubled": "duplicated",
    "goes on": "continues",
    "go on": "continue",
    "stands in": "is in",
}
"""Everyday words that documents do not use as terms -> what to write."""
KEYWORDS = {".js": {"void"}}
"""Words that are retired as a term, and a keyword in files of this kind."""


def source_files() -> list[Path]:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES]
    return [path for path in files if path != Path(__file__) and "node_modules" not in path.parts]


each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
each_file = pytest.mark.parametrize("file", [*DOCUMENTS, *source_files()], ids=lambda path: str(path.relative_to(ROOT)))


def without_code(text: str) -> str:
    """A document without fenced and indented code, with as many lines."""
    text = re.sub(r"^( *)```.*?^\1```", lambda code: "\n" * code[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?:(?<=\n\n)|(?<=\A))(?: {4,}.*\n|\n(?= {4}))+", lambda code: "\n" * code[0].count("\n"), text)


def paragraphs_of_document(text: str) -> Iterator[str]:
    """Paragraphs, items of lists and cells of tables; headings left out."""
    text = re.sub(r"^#+ .*$", "\n", without_code(text), flags=re.MULTILINE)
    text = re.sub(r"^ *(?:[-*]|\d+\.) ", "\n\n", text, flags=re.MULTILINE)
    text = re.sub(r" *\|\s*", "\n\n", text)
    yield from text.split("\n\n")


def paragraphs_of_python(text: str) -> Iterator[str]:
    """Docstrings, those of attributes included, and comments; consecutive comment lines are one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from node.value.value.split("\n\n")
    last, comment = 0, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            follows = token.start[0] == last + 1 and token.line.lstrip().startswith("#")
            if not follows:
                yield comment
                comment = ""
            last, comment = token.start[0], f"{comment} {token.string.lstrip('#: ')}"
    yield comment


def paragraphs_of_source(text: str) -> Iterator[str]:
    """Comments of JavaScript, CSS, Lua and the like, each line by itself but for blocks."""
    yield from re.findall(r"/\*+(.*?)\*/", text, re.DOTALL)
    yield from re.findall(r"(?:^|\s)(?://|--|#) +(.*)$", text, re.MULTILINE)


@cache
def paragraphs(file: Path) -> list[str]:
    text = file.read_text("utf-8")
    by_suffix = {".md": paragraphs_of_document, ".py": paragraphs_of_python}
    found = by_suffix.get(file.suffix, paragraphs_of_source)(text)
    return [" ".join(paragraph.split()).lstrip("*_ ") for paragraph in found]


def sentences(file: Path) -> Iterator[str]:
    for paragraph in paragraphs(file):
        yield from re.split(r"(?<=[.!?:])[*_\")]* +", paragraph)


@each_file
def test_no_sentence_begins_with_who(file: Path) -> None:
    found = [sentence for sentence in sentences(file) if re.match(r"(?:Who|Whom|Whoever|What is)\b", sentence)]
    assert [sentence for sentence in found if not sentence.endswith("?")] == []


@each_file
def test_no_docstring_is_see_the_module(file: Path) -> None:
    assert [paragraph for paragraph in paragraphs(file) if re.match(r"See the module\b", paragraph)] == []


@each_file
def test_no_term_is_retired(file: Path) -> None:
    known = RETIRED.keys() - KEYWORDS.get(file.suffix, set())
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(known, key=len, reverse=True))})\b")
    text = file.read_text("utf-8")
    found = [
        f"line {text.count(chr(10), 0, match.start()) + 1}: {match[0]}; write: {RETIRED[match[0]]}"
        for match in pattern.finditer(text)
    ]
    assert found == []


@each_document
def test_no_word_is_unclear(document: Path) -> None:
    pattern = re.compile(rf"\b(?:{'|'.join(UNCLEAR)})\b")
    found = [(match[0], sentence) for sentence in sentences(document) for match in pattern.finditer(sentence)]
    assert [f"{sentence!r}: write {UNCLEAR[word]} for {word}" for word, sentence in found] == []


@each_document
def test_prose_wraps_at_100_columns(document: Path) -> None:
    """Tables, code and the targets of links do not count."""
    lines = without_code(document.read_text("utf-8")).split("\n")
    lengths = {number: len(re.sub(r"\]\([^)\s]*\)", "]", line)) for number, line in enumerate(lines, 1)}
    assert [n for n, length in lengths.items() if length > COLUMNS and not lines[n - 1].startswith("|")] == []
