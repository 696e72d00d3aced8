"""Scrolling: older pages come from memory and from the history, and visible messages stay at their place."""

from collections.abc import Callable

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"
ROWS_LIMIT = 400

# Find the row in the middle of the box. Return its text and position.
_MIDDLE = """() => {
    const box = document.getElementById("log").getBoundingClientRect();
    const row = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2).closest("li.entry");
    return { text: row.querySelector(".text").textContent, top: Math.round(row.getBoundingClientRect().top) };
}"""


def fill(network: Network, gateway: Gateway, nick: str, room: str, count: int) -> None:
    peer = network.peer(gateway, nick, CAPS, room)
    for start in range(0, count, 250):
        peer.do(*(f"PRIVMSG {room} :number {n}" for n in range(start, min(count, start + 250))))


def scroll_to_top(visitor: Visitor) -> None:
    visitor.page.evaluate("document.getElementById('log').scrollTop = 0")


def test_older_messages_come_back_on_scrolling_and_the_view_does_not_jump(
    pair: Pair, shared: Network, visit: Visit
) -> None:
    fill(shared, pair[1], "otto", "#scroll", 1000)
    anna = visit().enter(pair[0].port, "anna_s", "#scroll")
    anna.wait("number 999")
    jumps = []
    for _ in range(40):
        if "number 0" in anna.texts():
            break
        first = anna.texts()[0]
        anna.page.evaluate("document.getElementById('log').scrollTop = 700")
        before = anna.page.evaluate(_MIDDLE)
        anna.until("document.querySelector('#rows .text').textContent !== it", first)
        after = anna.page.evaluate(_MIDDLE)
        jumps.append((before, after))
        assert anna.page.locator("#rows > li").count() <= ROWS_LIMIT
    assert "number 0" in anna.texts()
    assert [after for before, after in jumps] == [before for before, after in jumps]
    scroll_to_top(anna)
    anna.page.wait_for_selector("#beginning >> text=This is the beginning of the room #scroll")
    anna.page.click("#to-end")
    anna.wait("number 999")
    assert anna.texts()[-1] == "number 999"


def test_the_window_has_no_gaps_in_either_direction(pair: Pair, shared: Network, visit: Visit) -> None:
    fill(shared, pair[1], "pia", "#gaps", 700)
    anna = visit().enter(pair[0].port, "anna_g", "#gaps")
    anna.wait("number 699")
    for _ in range(30):
        first = anna.texts()[0]
        if first == "number 0":
            break
        scroll_to_top(anna)
        anna.until("document.querySelector('#rows .text').textContent !== it", first)
    for _ in range(30):
        numbers = [int(text.removeprefix("number ")) for text in anna.texts()]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        if numbers[-1] == 699:
            break
        anna.page.evaluate("document.getElementById('log').scrollTop = 1e9")
        anna.until("[...document.querySelectorAll('#rows .text')].at(-1).textContent !== it", f"number {numbers[-1]}")
    assert anna.texts()[-1] == "number 699"


def test_new_messages_do_not_move_the_old_messages_that_a_person_reads(
    pair: Pair, shared: Network, visit: Visit
) -> None:
    fill(shared, pair[1], "quentin", "#calm", 300)
    rhea = shared.peer(pair[1], "rhea", CAPS, "#calm")
    anna = visit().enter(pair[0].port, "anna_n", "#calm")
    anna.wait("number 299")
    scroll_to_top(anna)
    anna.page.wait_for_selector("#to-end")
    before = anna.page.evaluate(_MIDDLE)
    rhea.do("PRIVMSG #calm :news")
    anna.page.wait_for_selector("#to-end >> text=1 new")
    assert anna.page.evaluate(_MIDDLE)["text"] == before["text"]
    anna.page.click("#to-end")
    anna.wait("news")
    anna.page.wait_for_selector("#to-end", state="hidden")


def test_a_reply_to_an_old_message_leads_to_it(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 chathistory AROUND; from there the newer pages lead back."""
    sara = shared.peer(pair[1], "sara", CAPS, "#ago")
    echo = sara.do("PRIVMSG #ago :the first word")
    msgid = next(line for line in echo if "msgid=" in line).split("msgid=")[1].split(" ")[0].split(";")[0]
    fill(shared, pair[1], "tom", "#ago", 600)
    sara.do(f"@+reply={msgid} PRIVMSG #ago :in answer")
    anna = visit().enter(pair[0].port, "anna_a", "#ago")
    anna.wait("in answer")
    anna.page.click(".quote >> text=an older message")
    anna.until("document.activeElement.textContent.includes('the first word')")
    for _ in range(30):
        last = anna.texts()[-1]
        if last == "in answer":
            break
        anna.page.evaluate("document.getElementById('log').scrollTop = 1e9")
        anna.until("[...document.querySelectorAll('#rows .text')].at(-1).textContent !== it", last)
    sara.do("PRIVMSG #ago :and live again")
    anna.wait("and live again")
    texts = anna.texts()
    assert texts[-2:] == ["in answer", "and live again"]


def test_a_later_visitor_sees_the_reactions(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 chathistory "draft/event-playback": the history contains TAGMSG."""
    ute = shared.peer(pair[1], "ute", CAPS, "#later")
    echo = ute.do("PRIVMSG #later :judge this")
    msgid = next(line for line in echo if "msgid=" in line).split("msgid=")[1].split(" ")[0].split(";")[0]
    ute.do(f"@+reply={msgid};+draft/react=🎉 TAGMSG #later")
    anna = visit().enter(pair[0].port, "anna_l", "#later")
    anna.page.wait_for_selector(".chip >> text=🎉 1")
