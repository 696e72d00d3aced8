"""Messages between browsers and other clients on different gateways."""

from collections.abc import Callable

import pytest

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"


def msgid_of(lines: list[str], text: str) -> str:
    line = next(line for line in lines if text in line and "msgid=" in line)
    return line.split("msgid=")[1].split(" ")[0].split(";")[0]


def test_two_browsers_on_different_gateways_talk(pair: Pair, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna")
    ben = visit().enter(pair[1].port, "ben")
    anna.say("hello from one")
    ben.wait("hello from one")
    ben.say("hello from two")
    anna.wait("hello from two")
    assert anna.texts() == ben.texts() == ["hello from one", "hello from two"]
    assert anna.page.locator("#member-list .label").all_inner_texts() == ["anna", "ben"]


def test_the_first_visit_asks_for_a_name_only_and_later_ones_for_nothing(pair: Pair, visit: Visit) -> None:
    cora = visit().enter(pair[0].port, "cora", "#cellar")
    assert cora.page.inner_text("h1") == "#cellar"
    cora.page.reload()
    cora.wait_joined()
    assert cora.page.inner_text("h1") == "#cellar"
    assert cora.page.inner_text("#my-name") == "cora"


def test_a_name_that_another_session_still_holds_is_requested_again(pair: Pair, shared: Network, visit: Visit) -> None:
    """As after a reload, while the session of the last page still exists."""
    cleo = visit().enter(pair[0].port, "cleo", "#held")
    watcher = shared.peer(pair[1], "watcher_h", "", "#held")
    cleo.page.goto("about:blank")
    watcher.until(" QUIT ")
    holder = shared.peer(pair[1], "holder_h", "")
    tries = (holder.do("NICK cleo") for _ in range(10_000))  # the QUIT may be seen before the nick is free
    assert any(" NICK " in line for lines in tries for line in lines)
    cleo.page.goto(f"http://127.0.0.1:{pair[0].port}/#held")
    cleo.wait_joined()
    cleo.until("document.getElementById('my-name').textContent.startsWith('cleo_')")
    holder.do("NICK another")
    cleo.until("document.getElementById('my-name').textContent === 'cleo'")


def test_the_keyboard_is_enough(pair: Pair, visit: Visit) -> None:
    """From the first visit to a reply, a reaction and another room, without a pointer."""
    dora = visit()
    dora.page.goto(f"http://127.0.0.1:{pair[0].port}/#keys")
    dora.page.wait_for_selector("#welcome[open]")
    dora.page.keyboard.type("dora")
    dora.page.keyboard.press("Enter")
    dora.wait_joined()
    dora.page.keyboard.type("one line")
    dora.page.keyboard.press("Shift+Enter")
    dora.page.keyboard.type("another line")
    dora.page.keyboard.press("Enter")
    dora.wait("another line")
    dora.until("!document.querySelector('.entry.waiting')")
    dora.page.keyboard.press("ArrowUp")
    dora.page.keyboard.press("r")
    dora.page.keyboard.type("an answer")
    dora.page.keyboard.press("Enter")
    dora.page.wait_for_selector(".quote >> text=another line")
    dora.until("!document.querySelector('.entry.waiting')")
    dora.page.keyboard.press("ArrowUp")
    dora.page.keyboard.press("e")
    dora.page.keyboard.press("Enter")
    dora.page.wait_for_selector(".chip >> text=👍")
    dora.page.keyboard.press("Control+k")
    dora.page.keyboard.type("#attic")
    dora.page.keyboard.press("Enter")
    dora.until("document.querySelector('h1').textContent === '#attic'")
    dora.page.keyboard.press("Alt+ArrowUp")
    dora.until("document.querySelector('h1').textContent === '#keys'")


def test_unread_messages_and_mentions_are_counted_until_they_are_visible(
    pair: Pair, shared: Network, visit: Visit
) -> None:
    emma = visit().enter(pair[0].port, "emma", "#count,count2")
    fred = shared.peer(pair[1], "fred", "", "#count2")
    fred.do("PRIVMSG #count2 :just talk", "PRIVMSG #count2 :emma: look here", "PRIVMSG #count2 :emmanuel is another")
    emma.page.wait_for_selector('[data-conversation="#count2"] .badge.strong >> text=1')
    emma.page.wait_for_selector('[data-conversation="#count2"] >> text=1 mention, 3 unread')
    emma.until("document.title.startsWith('(1) ')")
    emma.page.click('[data-conversation="#count2"]')
    emma.page.wait_for_selector(".new")
    emma.page.wait_for_selector(".mentioned mark >> text=emma")
    assert emma.page.locator(".mentioned").count() == 1
    emma.until("!document.title.startsWith('(')")
    assert emma.page.locator('[data-conversation="#count2"] .badge').count() == 0


def test_direct_messages(pair: Pair, shared: Network, visit: Visit) -> None:
    gina = visit().enter(pair[0].port, "gina")
    hugo = shared.peer(pair[1], "hugo", CAPS)
    hugo.do("PRIVMSG gina :psst")
    gina.page.click('[data-conversation="hugo"]')
    gina.wait("psst")
    gina.say("what is it?")
    assert any("PRIVMSG hugo :what is it?" in line for line in hugo.sync())
    gina.type("/msg nobody_at_all hello?")
    gina.page.wait_for_selector(".failed >> text=Nobody is called nobody_at_all.")


@pytest.mark.parametrize("ending", ["message", "done"])
def test_typing_is_shown_and_notified(pair: Pair, shared: Network, visit: Visit, ending: str) -> None:
    """IRCv3 typing: at most one notification in 3 seconds; a message or "done" ends it."""
    room = f"#typing-{ending}"
    ida = visit().enter(pair[0].port, f"ida{ending}", room)
    jon = shared.peer(pair[1], f"jon{ending}", CAPS, room)
    jon.do(f"@+typing=active TAGMSG {room}")
    ida.page.wait_for_selector(f"#typing >> text=jon{ending} is typing")
    jon.do(f"PRIVMSG {room} :there" if ending == "message" else f"@+typing=done TAGMSG {room}")
    ida.until("document.getElementById('typing').textContent === ''")
    ida.page.focus("#say")
    ida.page.keyboard.type("a few letters")
    ida.page.fill("#say", "")
    received = jon.until("+typing=done")
    assert len([line for line in received if "+typing=active" in line]) == 1


def test_reactions_come_and_go(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 react: +draft/react and +draft/unreact with +reply by both of its names. Both are accepted."""
    kate = visit().enter(pair[0].port, "kate", "#react")
    liam = shared.peer(pair[1], "liam", CAPS, "#react")
    msgid = msgid_of(liam.do("PRIVMSG #react :judge this"), "judge this")
    liam.do(f"@+draft/reply={msgid};+draft/react=🎉 TAGMSG #react")
    chip = kate.page.locator(".chip")
    chip.filter(has_text="🎉 1").click()
    kate.page.wait_for_selector('.chip[aria-pressed="true"] >> text=🎉')
    told = liam.until("+draft/react")[-1].partition(" ")[0].split(";")
    assert {f"+reply={msgid}", f"+draft/reply={msgid}", "+draft/react=🎉"} <= set(told)
    liam.do(f"@+reply={msgid};+draft/unreact=🎉 TAGMSG #react")
    chip.filter(has_text="🎉 1").click()
    kate.until("!document.querySelector('.chip')")
    assert "+draft/unreact=🎉" in liam.until("+draft/unreact")[-1]


def test_a_reaction_can_be_typed_by_its_name_but_not_a_sentence(pair: Pair, shared: Network, visit: Visit) -> None:
    ruth = visit().enter(pair[0].port, "ruth", "#own")
    ulf = shared.peer(pair[1], "ulf", CAPS, "#own")
    ulf.do("PRIVMSG #own :judge this")
    ruth.wait("judge this")
    ruth.page.locator("#rows li").last.focus()
    ruth.page.keyboard.press("e")
    for typed in ("two words", "👍👍"):
        ruth.page.fill("#own-emoji", typed)
        ruth.page.press("#own-emoji", "Enter")
        assert (
            ruth.page.locator("#own-emoji").evaluate("it => it.validationMessage").startswith("A reaction is one emoji")
        )
    ruth.page.fill("#own-emoji", ":+1:")
    ruth.page.press("#own-emoji", "Enter")
    ruth.page.wait_for_selector(".chip >> text=👍 1")
    assert next(line for line in ulf.sync() if "draft/react" in line).count("👍") == 1


def test_emoji_are_completed_and_sent_by_their_names(pair: Pair, visit: Visit) -> None:
    tina = visit().enter(pair[0].port, "tina", "#emoji")
    tina.page.focus("#say")
    for typed, expected in ((":+1", "👍 "), ("hi :tad", "hi 🎉 ")):
        tina.page.fill("#say", "")
        tina.page.keyboard.type(typed)
        tina.page.keyboard.press("Tab")
        assert tina.page.input_value("#say") == expected
    tina.type(":-1: at 10:30:45 `:+1:`")
    tina.wait("👎 at 10:30:45 :+1:")


def test_a_reply_quotes_its_message_and_leads_to_it(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 reply: +reply names the msgid."""
    mona = visit().enter(pair[0].port, "mona", "#reply")
    nils = shared.peer(pair[1], "nils", CAPS, "#reply")
    msgid = msgid_of(nils.do("PRIVMSG #reply :the question"), "the question")
    mona.wait("the question")
    mona.page.hover(".entry.message")
    mona.page.click('#actions [data-act="reply"]')
    mona.say("the answer")
    assert f"+reply={msgid}" in nils.until("the answer")[-1]
    mona.page.click(".quote >> text=the question")
    mona.until("document.activeElement.textContent.includes('the question')")


def test_names_complete_and_commands_are_suggested(pair: Pair, shared: Network, visit: Visit) -> None:
    olga = visit().enter(pair[0].port, "olga", "#complete")
    shared.peer(pair[1], "peterson", "", "#complete")
    olga.page.wait_for_selector("#member-list >> text=peterson")
    olga.page.focus("#say")
    olga.page.keyboard.type("pet")
    olga.page.keyboard.press("Tab")
    assert olga.page.input_value("#say") == "peterson: "
    olga.page.fill("#say", "/to")
    olga.page.wait_for_selector('#suggestions [role="option"] >> text=/topic')
    olga.page.keyboard.press("Enter")
    assert olga.page.input_value("#say") == "/topic "
    olga.page.keyboard.type("A fine place")
    olga.page.keyboard.press("Enter")
    olga.page.wait_for_selector("#topic >> text=A fine place")
    olga.type("/nonsense")
    olga.wait("There is no command /nonsense")
    assert olga.page.input_value("#say") == "/nonsense"
    olga.type("/join complete-two")
    olga.until("document.querySelector('h1').textContent === '#complete-two'")
    olga.page.click('[data-conversation="#complete"]')
    olga.until("document.querySelector('h1').textContent === '#complete'")
    assert olga.page.input_value("#say") == ""


def test_absences_and_parts_are_shown(pair: Pair, shared: Network, visit: Visit) -> None:
    quin = visit().enter(pair[0].port, "quin", "#people")
    rosa = shared.peer(pair[1], "rosa", "", "#people")
    quin.wait("rosa joined")
    rosa.do("NICK rosalind", "MODE #people")
    quin.page.wait_for_selector("#member-list >> text=rosalind")
    assert quin.page.inner_text("#member-count") == "2"
    shared.peer(pair[1], "sven", "", "#people").send("QUIT")
    quin.wait("sven left")
    assert quin.page.inner_text("#member-count") == "2"
    assert quin.page.inner_text("#members-title") == "2 members"
    rosa.do("PART #people")
    quin.until("!document.getElementById('member-list').textContent.includes('rosalind')")
    quin.type("/nick quincy")
    quin.until("document.getElementById('my-name').textContent === 'quincy'")
