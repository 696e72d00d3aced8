"""The page's pure modules by themselves, in the Chromium that the other tests use anyway: so nothing else is needed."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.markup import parse
from client.ui.emoji import emoji_named
from gateway.wire.visible import is_reaction
from tests.client.test_markup import ATOMS
from tests.network.harness import Gateway
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]


@pytest.fixture
def run(pair: Pair, visit: Callable[..., Visitor]) -> Callable[..., Any]:
    """Runs the body of a function of ``it`` with a module's exports as ``m``."""
    visitor = visit()
    visitor.page.goto(f"http://127.0.0.1:{pair[0].port}/")

    def run(module: str, body: str, it: object = None) -> Any:
        return visitor.page.evaluate(f"async it => {{ const m = await import('/{module}'); {body} }}", it)

    return run


LINES = {
    "PING :token": [{}, "", "PING", ["token"]],
    ":a!b@c PRIVMSG #r :hello :there": [{}, "a!b@c", "PRIVMSG", ["#r", "hello :there"]],
    "@time=1;+x=a\\sb\\:c\\\\d\\ne;flag :s 001  me   :": [
        {"time": "1", "+x": "a b;c\\d\ne", "flag": ""},
        "s",
        "001",
        ["me", ""],
    ],
    "join #r": [{}, "", "JOIN", ["#r"]],
    "@a=1\\ X": [{"a": "1"}, "", "X", []],
}


@pytest.mark.parametrize("line", LINES)
def test_lines_are_parsed(run: Callable[..., Any], line: str) -> None:
    """Modern IRC "Message Format", IRCv3 message-tags "Escaping values"."""
    body = "const f = m.parse(it); return [Object.fromEntries(f.tags), f.source, f.verb, f.params];"
    assert run("irc.js", body, line) == LINES[line]


def test_what_is_no_line_is_none(run: Callable[..., Any]) -> None:
    assert run("irc.js", "return it.map(m.parse)", ["", " ", "@a=1", ":source", "@a=1 :source "]) == [None] * 5


def test_lines_are_written_and_cannot_become_two(run: Callable[..., Any]) -> None:
    body = """return [m.format("PRIVMSG", ["#r", "a\\r\\nQUIT"], {"+x": "a; b\\n", y: ""}), m.format("JOIN", ["#r"]),
                      m.format("TOPIC", ["#r", ""]), m.format("PING", [":x"])];"""
    assert run("irc.js", body) == ["@+x=a\\:\\sb\\n;y PRIVMSG #r :a  QUIT", "JOIN #r", "TOPIC #r :", "PING ::x"]


def test_long_texts_are_cut_between_words_and_never_inside_a_character(run: Callable[..., Any]) -> None:
    """IRCv3 multiline "Splitting long lines": joined, the pieces are the text."""
    text = "word " * 50 + "ß🎉" * 100
    pieces = run("irc.js", "return m.split(it, 100)", text)
    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= 100 for piece in pieces)
    assert all(piece.endswith(" ") for piece in pieces[:2])


VECTORS = Path(__file__).parent.parent / "client/scripts/markup.json"


def test_texts_are_taken_to_pieces_as_the_vectors_say(run: Callable[..., Any]) -> None:
    """The vectors that the terminal client's parser is tested by too (tests/client/test_markup.py)."""
    body = """
        const plain = (spans) => spans.map(({ text, marks }) => [text, marks.join(" ")]);
        const blocks = (text) => m.parse(text).map((b) => [b.kind, b.level, b.label, plain(b.spans)]);
        const parsers = { inline: (text) => plain(m.inline(text)), linked: (text) => plain(m.linked(text)), blocks };
        return Object.entries(it).flatMap(([name, vectors]) =>
            vectors.map(([text, expected]) => [text, parsers[name](text), expected]));
    """
    found = run("markup.js", body, json.loads(VECTORS.read_text(encoding="utf-8")))
    assert len(found) > 70
    assert [(text, got) for text, got, _ in found] == [(text, expected) for text, _, expected in found]


def test_both_clients_take_any_text_to_the_same_pieces(run: Callable[..., Any]) -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices(ATOMS, k=chance.randint(1, 25))) for _ in range(3000)]
    body = "return it.map((text) => m.parse(text).map((b) => [b.kind, b.spans.map((s) => [s.text, s.marks])]))"
    found = run("markup.js", body, texts)
    expected = [
        [[block.kind, [[span.text, list(span.marks)] for span in block.spans]] for block in parse(text)]
        for text in texts
    ]
    for text, ours, theirs in zip(texts, found, expected, strict=True):
        assert ours == theirs, text


UNITS = (
    "!",
    "])",
    ")",
    ".x",
    "`",
    "`a\n",
    "```\n",
    "```x\n",
    "#",
    "#a ",
    "&",
    "*a ",
    "**a*b_c~~d",
    "> ",
    "- ",
    "\x02a",
    "\x11",
)


def test_the_time_that_a_text_takes_grows_with_its_length_alone(run: Callable[..., Any]) -> None:
    """Of 300,000 signs: work for each pair of them would take hours."""
    body = "return it.map((unit) => m.parse(`https://a.example/${unit.repeat(3e5 / unit.length)}`).length)"
    assert all(run("markup.js", body, list(UNITS)))


def test_names_are_found_in_text_alone(run: Callable[..., Any]) -> None:
    """A nick may hold characters that regular expressions read otherwise."""
    body = """
        const { inline } = await import("./markup.js");
        return m.withMentions(inline(it), "a|b[c").map(({ text, marks }) => [text, marks.join(" ")]);
    """
    assert run("text.js", body, "a|b[c: hi a|b[c2 **a|b[c** `a|b[c` #a|b[c") == [
        ["a|b[c", "mention"],
        [": hi a|b[c2 ", ""],
        ["a|b[c", "bold mention"],
        [" ", ""],
        ["a|b[c", "code"],
        [" ", ""],
        ["#a|b[c", "room"],
    ]


def test_no_cut_of_a_text_parts_a_character(run: Callable[..., Any]) -> None:
    """A room link, a text that is shortened and a quote end before an astral character or after it."""
    body = """
        const { row } = await import("./view/row.js");
        const { Buffer } = await import("./buffers.js");
        const found = [];
        for (let length = 0; length < 3010; length += 1) {
            const word = (count) => `#${"x".repeat(count)}`;
            const text = `${word(length % 100)} `.repeat(length / 101) + word(length % 101) + "🎉 end";
            const buffer = new Buffer("#x");
            const entry = { key: "k", kind: "message", nick: "e", text, rawText: text, at: 1, replyTo: "q" };
            buffer.slice.restart([{ ...entry, key: "q", msgid: "q" }]);
            const element = row(entry, { buffer, nick: "anna" });
            if (!element.outerHTML.isWellFormed() || element.querySelector(".name") === null) found.push(length);
        }
        return found;
    """
    assert run("text.js", body) == []


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


def test_reactions_are_what_the_gateways_take_for_one(run: Callable[..., Any]) -> None:
    """docs/protocol.md, "Reactions": the rule of gateway.wire.visible, for any text of 1 to 20 of its characters."""
    chance = random.Random(2)
    parts = [*"ab1#*+:", *"👍❤🇨🇭👩🏴🏿\ufe0f\u200d\u20e3\u0301\u0310\u200b\u3164 \n日©é", "\U000e0067", "\U000e007f"]
    texts = [*REACTIONS, *("".join(chance.choices(parts, k=chance.randint(1, 20) % 7 + 1)) for _ in range(5000))]
    found = run("reactions.js", "return it.map(m.isReaction)", texts)
    assert found[: len(REACTIONS)] == list(REACTIONS.values())
    assert [text for text, is_one in zip(texts, found, strict=True) if is_one != is_reaction(text)] == []


def test_reactions_to_one_line_are_bounded(run: Callable[..., Any]) -> None:
    body = """
        const marks = new m.Marks();
        for (let n = 0; n < 5000; n += 1)
            marks.react({ msgid: "1", nick: `n${n}`, emoji: `e${n % 100}`, isOn: true, at: 1 });
        const found = marks.reactionsTo("1");
        return [found.length, found[0], marks.reactions.get("1").size];
    """
    kinds, (emoji, nicks), count = run("marks.js", body)
    assert (kinds, emoji, len(nicks), count) == (20, "e0", 20, 2000)


def test_emoji_have_the_names_that_the_terminal_client_knows(run: Callable[..., Any]) -> None:
    named = run("emoji.js", "return m.emojiLike('')")
    assert len(named) > 100
    assert [name for name, emoji in named if (emoji_named(name) or "").strip("\ufe0f") != emoji.strip("\ufe0f")] == []
    texts = {
        ":+1: at 10:30:45 :nonsense:": "👍 at 10:30:45 :nonsense:",
        "`a[:x:]` :x:": "`a[:x:]` ❌",
        "```\n:x:\n": "```\n:x:\n",
    }
    assert run("emoji.js", "return it.map(m.withEmoji)", list(texts)) == list(texts.values())


def test_a_slice_knows_where_it_lacks_something(run: Callable[..., Any]) -> None:
    body = """
        const slice = new m.Slice();
        const entry = (n) => ({ key: `k${n}`, msgid: `k${n}`, kind: "message", at: n, version: 0 });
        const keys = () => slice.entries.map(({ at }) => at);
        slice.restart([1, 2, 3].map(entry));
        slice.take(entry(3));
        slice.take(entry(4));
        const live = keys();
        slice.forgetNewest(2);
        slice.take(entry(5));
        slice.extend([3, 4].map(entry));
        slice.extend([]);
        const behind = [keys(), slice.isAtEnd];
        slice.extend([entry(5)]);
        slice.extend([]);
        slice.prepend([-1, 0, 1].map(entry));
        return [live, behind, keys(), slice.isAtEnd];
    """
    assert run("slice.js", body) == [[1, 2, 3, 4], [[1, 2, 3, 4], False], [-1, 0, 1, 2, 3, 4, 5], True]


def test_the_newest_word_of_a_person_on_a_line_holds_in_whatever_order_it_comes(run: Callable[..., Any]) -> None:
    body = """
        const marks = new m.Marks();
        const react = (isOn, at) => marks.react({ msgid: "1", nick: "anna", emoji: "+", isOn, at });
        react(false, 20);
        react(true, 10);
        const off = marks.reactionsTo("1");
        react(true, 30);
        return [off, marks.reactionsTo("1")];
    """
    assert run("marks.js", body) == [[], [["+", ["anna"]]]]


def test_a_tab_that_is_slow_to_answer_is_waited_for(run: Callable[..., Any]) -> None:
    body = """
        const slow = new m.Tabs();
        slow.name = "anna";
        const answer = slow.onMessage.bind(slow);
        slow.onMessage = (message) => setTimeout(() => answer(message), 600);
        return [...await new m.Tabs().others("anna")];
    """
    assert run("tabs.js", body) == ["anna"]


@pytest.mark.parametrize("orders", [(0.1, 0.9), (0.9, 0.1)])
def test_of_two_tabs_that_ask_at_once_one_has_the_name(run: Callable[..., Any], orders: tuple[float, float]) -> None:
    """Which one depends on who has asked before the other listens; both of them learn it."""
    body = """
        const one = Object.assign(new m.Tabs(), { order: it[0] });
        const first = one.others("anna");
        const other = Object.assign(new m.Tabs(), { order: it[1] });
        const second = other.others("anna");
        return [[...await first], [...await second], m.freeName("anna_2", new Set(["anna", "anna_2"]))];
    """
    first, second, free = run("tabs.js", body, orders)
    assert sorted([first, second]) == [[], ["anna"]]
    assert free == "anna_3"


# --- the session ------------------------------------------------------------------------------------------------

_SESSION = """
    let count = 0;
    const session = new m.Session("anna", ["#r"], () => `id${++count}`);
    const lines = (...received) => {
        for (const line of received) session.receive(line, 1000);
        return session.takeLines();
    };
    const texts = () => session.takeEvents().filter(({ type }) => type === "said").map(({ entry }) => entry.text);
    const begin = () => {
        session.opened(1000);
        lines(":s CAP * LS :batch draft/chathistory echo-message labeled-response message-tags server-time");
        return lines(":s CAP anna ACK :batch draft/chathistory echo-message labeled-response message-tags server-time",
            ":s 001 anna :Welcome");
    };
    const page = (...inside) =>
        [":s BATCH +h chathistory #r", ...inside.map((line) => `@batch=h;${line}`), ":s BATCH -h"];
    const said = (n, tags = "") => `time=2026-01-01T00:00:0${n}.000Z;msgid=m${n}${tags} :ben!b@h PRIVMSG #r :${n}`;
"""


def test_a_session_begins_joins_and_reads_the_history(run: Callable[..., Any]) -> None:
    """IRCv3 capability-negotiation; live lines wait for the history, and what is in both is shown once."""
    body = f"""{_SESSION}
        const begun = begin();
        const joined = lines(":anna!a@h JOIN #r");
        lines("@" + said(3));
        lines(...page(said(1), said(2), said(3)));
        const pages = session.takeEvents().filter(({{ type }}) => type === "page" || type === "said");
        return [begun, joined, pages.map(({{ entries, entry }}) => (entries ?? [entry]).map(({{ text }}) => text))];
    """
    begun, joined, pages = run("session.js", body)
    assert begun == ["CAP END", "JOIN #r", "PING id1"]
    assert joined == ["CHATHISTORY LATEST #r * 60"]
    assert pages == [["1", "2", "3"]]


def test_a_page_of_history_that_is_short_or_says_so_is_the_last(run: Callable[..., Any]) -> None:
    """The tag draft/chathistory-end; fewer lines than were asked for mean the same."""
    body = f"""{_SESSION}
        const over = [];
        for (const [opening, ns] of [["", [1, 2]], ["", [1]], ["@draft/chathistory-end ", [1, 2]]]) {{
            begin();
            lines(":s 005 anna CHATHISTORY=2 :are supported by this server", ":anna!a@h JOIN #r");
            const [first, ...rest] = page(...ns.map((n) => said(n)));
            lines(opening + first, ...rest);
            over.push(session.takeEvents().findLast(({{ type }}) => type === "page").isLast);
            session.closed(1000);
            session.places.clear();
        }}
        return over;
    """
    assert run("session.js", body) == [False, True, True]


def test_after_a_lost_connection_history_is_read_page_by_page_and_what_waits_is_sent_last(
    run: Callable[..., Any],
) -> None:
    """What the history shows to have arrived is not sent again; the rest is, under the same id."""
    body = f"""{_SESSION}
        begin();
        lines(":anna!a@h JOIN #r", ...page(said(1)));
        texts();
        session.say("#r", "arrived", {{}}, 1000);
        session.say("#r", "lost", {{}}, 1000);
        const first = session.takeLines();
        session.closed(1000);
        begin();
        lines(":s 005 anna CHATHISTORY=2 :are supported by this server");
        const asked = lines(":anna!a@h JOIN #r");
        lines("@" + said(9));
        const echo = "time=2026-01-01T00:00:03.000Z;msgid=m3;+hubbub/id=id2 :anna!a@h PRIVMSG #r :arrived";
        const next = lines(...page(said(2), echo));
        const last = lines(...page());
        return [first, asked, next, last, texts()];
    """
    first, asked, following, last, texts = run("session.js", body)
    assert first == ["@+hubbub/id=id2;label=id2 PRIVMSG #r :arrived", "@+hubbub/id=id3;label=id3 PRIVMSG #r :lost"]
    assert asked == ["CHATHISTORY AFTER #r msgid=m1 2"]
    assert following == ["CHATHISTORY AFTER #r msgid=m3 2"]
    assert last == ["@+hubbub/id=id3;label=id3 PRIVMSG #r :lost"]
    assert texts == ["2", "arrived", "9"]


def test_a_refusal_names_its_message_by_its_label(run: Callable[..., Any]) -> None:
    """IRCv3 labeled-response, standard-replies."""
    body = f"""{_SESSION}
        begin();
        lines(":anna!a@h JOIN #r", ...page());
        session.say("#r", "one", {{}}, 1000);
        session.say("#r", "two", {{}}, 1000);
        lines("@label=id3 :s 404 anna #r :Cannot send to channel", "@label=id2 FAIL PRIVMSG AWAY #r :later");
        return session.takeEvents().filter(({{ type }}) => type === "failed").map(({{ id, reason }}) => [id, reason]);
    """
    assert run("session.js", body) == [["id3", "You may not write in #r."], ["id2", "later"]]


def test_several_lines_are_one_message_where_the_gateway_takes_that(run: Callable[..., Any]) -> None:
    """IRCv3 multiline: tags on the batch, concatenation, and the same on the way back."""
    body = f"""{_SESSION}
        const caps = "batch draft/multiline echo-message labeled-response message-tags server-time";
        session.opened(1000);
        lines(`:s CAP * LS :${{caps.replace("multiline", "multiline=max-bytes=4096,max-lines=5")}}`);
        lines(`:s CAP anna ACK :${{caps}}`, ":s 001 anna :Welcome", ":anna!a@h JOIN #r");
        session.say("#r", "a\\n\\n" + "x".repeat(400), {{}}, 1000);
        const sent = session.takeLines();
        lines("@msgid=m;time=2026-01-01T00:00:00.000Z;+hubbub/id=id2 :anna!a@h BATCH +9 draft/multiline #r",
            "@batch=9 :anna!a@h PRIVMSG #r :a", "@batch=9 :anna!a@h PRIVMSG #r :", "@batch=9 :anna!a@h PRIVMSG #r :b ",
            "@batch=9;draft/multiline-concat :anna!a@h PRIVMSG #r :c", ":anna!a@h BATCH -9");
        return [sent, texts(), session.unconfirmed];
    """
    sent, texts, unconfirmed = run("session.js", body)
    assert sent[0] == "@+hubbub/id=id2;label=id2 BATCH +id2 draft/multiline #r"
    assert sent[1:3] == ["@batch=id2 PRIVMSG #r :a", "@batch=id2 PRIVMSG #r :"]
    assert sent[4].startswith("@batch=id2;draft/multiline-concat PRIVMSG #r :xx")
    assert sent[5] == "BATCH -id2"
    assert texts == ["a\n\nb c"]
    assert unconfirmed == 0


def test_a_name_that_was_ours_is_asked_for_again(run: Callable[..., Any]) -> None:
    """The dead session of a killed gateway holds it until the lease ends."""
    body = f"""{_SESSION}
        begin();
        session.closed(2000);
        session.opened(2000);
        const other = lines(":s 433 * anna :Nickname is already in use");
        lines(":s 001 anna_id2 :Welcome");
        session.tick(2500);
        const early = session.takeLines();
        session.tick(9000);
        const due = session.takeLines();
        lines(":anna_id2!a@h NICK anna");
        session.tick(20000);
        return [other, early.filter((line) => line.startsWith("NICK")), due, session.naming.current];
    """
    other, early, due, current = run("session.js", body)
    assert other[-1] == "NICK anna_id2"
    assert early == []
    assert "NICK anna" in due
    assert current == "anna"
