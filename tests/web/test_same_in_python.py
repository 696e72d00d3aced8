"""Rules that are written twice, in JavaScript for the page and in Python: both give the same result for any text."""

import json
import random
from pathlib import Path

from client.capabilities import CAPABILITIES
from client.markup import parse
from client.ui.emoji import emoji_named
from gateway.wire.visible import is_reaction
from tests.client.test_markup import ATOMS
from tests.web.node import evaluate, needs_node

pytestmark = needs_node

VECTORS = Path(__file__).parent.parent / "client/scripts/markup.json"


def test_markup_is_parsed_as_the_vectors_say() -> None:
    """The vectors also test the parser of the terminal client (tests/client/test_markup.py)."""
    body = """
        const plain = (spans) => spans.map(({ text, marks }) => [text, marks.join(" ")]);
        const blocks = (text) => m.parse(text).map((b) => [b.kind, b.level, b.label, plain(b.spans)]);
        const parsers = { inline: (text) => plain(m.inline(text)), linked: (text) => plain(m.linked(text)), blocks };
        return Object.entries(it).flatMap(([name, vectors]) =>
            vectors.map(([text, expected]) => [text, parsers[name](text), expected]));
    """
    found = evaluate("markup.js", body, json.loads(VECTORS.read_text(encoding="utf-8")))
    assert len(found) > 70
    assert [(text, got) for text, got, _ in found] == [(text, expected) for text, _, expected in found]


def test_both_clients_parse_any_markup_alike() -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices(ATOMS, k=chance.randint(1, 25))) for _ in range(3000)]
    body = "return it.map((text) => m.parse(text).map((b) => [b.kind, b.spans.map((s) => [s.text, s.marks])]))"
    found = evaluate("markup.js", body, texts)
    expected = [
        [[block.kind, [[span.text, list(span.marks)] for span in block.spans]] for block in parse(text)]
        for text in texts
    ]
    for text, ours, theirs in zip(texts, found, expected, strict=True):
        assert ours == theirs, text


REACTIONS = {
    **dict.fromkeys(
        ("👍", "❤️", "#\ufe0f\u20e3", "🇨🇭", "👩‍👩‍👧‍👦", "lol", ":)", "+1", "<b>x</b>", "नमस्ते", "x" * 16), True
    ),
    **dict.fromkeys(
        ("", "two words", "x" * 17, "👍👍", "ok👍", "a\nb", "\ufffd", "\u3164", "a\u200bb", "a\u202eb"), False
    ),
    **dict.fromkeys(
        ("\u0301", "e\u0301\u0301\u0301", "\u200d", "👩" + "\u200d👩" * 8, "🏴" + "\U000e0067" * 17), False
    ),
}


def test_the_page_accepts_the_reactions_that_the_gateways_accept() -> None:
    """docs/protocol.md, "Reactions": the rule of gateway.wire.visible, for any text of 1 to 7 of these characters."""
    chance = random.Random(2)
    parts = [*"ab1#*+:", *"👍❤🇨🇭👩🏴🏿\ufe0f\u200d\u20e3\u0301\u0310\u200b\u3164 \n日©é", "\U000e0067", "\U000e007f"]
    texts = [*REACTIONS, *("".join(chance.choices(parts, k=chance.randint(1, 20) % 7 + 1)) for _ in range(5000))]
    found = evaluate("reactions.js", "return it.map(m.isReaction)", texts)
    assert found[: len(REACTIONS)] == list(REACTIONS.values())
    assert [text for text, is_one in zip(texts, found, strict=True) if is_one != is_reaction(text)] == []


def test_emoji_have_the_names_that_the_terminal_client_knows() -> None:
    named = evaluate("emoji.js", "return m.emojiLike('')")
    assert len(named) > 100
    assert [name for name, emoji in named if (emoji_named(name) or "").strip("\ufe0f") != emoji.strip("\ufe0f")] == []


def test_both_clients_request_the_same_capabilities() -> None:
    assert evaluate("capabilities.js", "return m.CAPABILITIES") == list(CAPABILITIES)
