"""The plain-text dialect of users with netcat or telnet, among IRC users (docs/protocol.md)."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from gateway.chat.commands import COMMANDS
from gateway.wire.message import parse
from tests.network.harness import DEADLINE_S, Gateway, Network, Peer, get

Pair = tuple[Gateway, Gateway]

IRC_SYNTAX = re.compile(r"^[:@]|![^ ]+@|\b(PRIVMSG|NOTICE|JOIN|PART|QUIT|PING|PONG|NICK)\b| \d{3} ")


class Person:
    """A user at a plain-text socket. Each received line is checked not to be IRC."""

    def __init__(self, gateway: Gateway, name: str = "") -> None:
        self.name = name
        self._socket = socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")
        self._asked = 0
        self.arrival: list[str] = []
        if name:
            self.type(name)
            self.arrival = self.seen()

    def type(self, *lines: str) -> None:
        self.send("".join(f"{line}\n" for line in lines).encode())

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def line(self) -> str:
        """Return the next line, or "" at the end of the connection."""
        line = self._lines.readline()
        assert not IRC_SYNTAX.search(line), line
        return line.rstrip("\n")

    def until(self, text: str) -> list[str]:
        lines = [self.line()]
        while text not in lines[-1]:
            assert lines[-1], lines
            lines.append(self.line())
        return lines

    def seen(self) -> list[str]:
        """Return all lines before the answer to an unknown command. Commands are handled in order."""
        self._asked += 1
        self.type(f"/no{self._asked}")
        return self.until(f"There is no command /no{self._asked}.")[:-1]

    def end_input(self) -> list[str]:
        """Close the sending side, and read to the end."""
        self._socket.shutdown(socket.SHUT_WR)
        return [line.rstrip("\n") for line in self._lines]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def people() -> Iterator[list[Person]]:
    """The users of a test, who leave at its end."""
    people: list[Person] = []
    yield people
    for person in people:
        person.close()


def test_a_silent_connection_is_greeted_in_words_that_are_irc_too(pair: Pair, people: list[Person]) -> None:
    """After one second without input: one sentence, which an IRC program reads as an unknown command."""
    started = time.monotonic()
    person = Person(pair[0])
    people.append(person)
    greeting = person.line()
    assert time.monotonic() - started > 0.9
    assert greeting.rstrip("\r") == "Welcome to Hubbub. Type your name, then press Enter."
    message = parse(greeting.rstrip("\r"))
    assert message is not None
    assert (message.verb, message.verb in COMMANDS, len(message.params) <= 15) == ("WELCOME", False, True)
    person.type("greeted")
    assert any(line.startswith("* Welcome, greeted.") for line in person.seen())


def test_enter_alone_is_greeted_at_once(network: Network, people: list[Person]) -> None:
    """Also from the address of a browser, whose silent connections are not greeted."""
    gateway = network.gateway()
    get(gateway.port, "/")
    person = Person(gateway)
    people.append(person)
    person.type("")
    assert "Type your name" in person.line()
    person.type("", "asked")
    assert any(line.startswith("* Welcome, asked.") for line in person.seen())


def test_a_browser_s_spare_connection_is_not_greeted(network: Network) -> None:
    """A browser opens spare connections and uses them a minute later. A greeting would be no HTTP response."""
    gateway = network.gateway()
    address = ("127.0.0.1", gateway.port)
    get(gateway.port, "/")
    with (
        socket.create_connection(address, DEADLINE_S) as spare,
        socket.create_connection(address, DEADLINE_S, source_address=("127.0.0.2", 0)) as person,
    ):
        assert b"Welcome" in person.recv(512)  # which opened later
        spare.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert spare.recv(512).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_name_brings_one_to_the_lobby(shared: Network, pair: Pair, people: list[Person]) -> None:
    """The lobby, its members, and then the chat: `name: message`, without one's own lines."""
    alice = shared.peer(pair[0], "t-alice", "", "#lobby")
    bob = Person(pair[1], "t-bob")
    people.append(bob)
    assert "* you joined #lobby" in bob.arrival
    assert any(line.startswith("* in #lobby:") and "t-alice" in line and "t-bob" in line for line in bob.arrival)
    alice.until(" JOIN ")
    bob.type("hello all", "  indented: and with :colons")
    assert bob.seen() == []
    assert [line.partition(" ")[2] for line in alice.until("colons")[-2:]] == [
        "PRIVMSG #lobby :hello all",
        "PRIVMSG #lobby :  indented: and with :colons",
    ]
    alice.do("PRIVMSG #lobby :hi bob", "PRIVMSG #lobby :\x01ACTION waves\x01")
    assert bob.until("waves") == ["t-alice: hi bob", "* t-alice waves"]
    alice.do("PRIVMSG t-bob :psst")
    assert bob.until("psst") == ["t-alice (to you): psst"]


def test_the_last_lines_are_shown_once_on_joining(shared: Network, pair: Pair, people: list[Person]) -> None:
    """The last 20 lines of the room, in order and without duplicates while others talk."""
    alice = shared.peer(pair[0], "h-alice", "", "#backlog")
    alice.do(*(f"PRIVMSG #backlog :line {i}" for i in range(30)))
    bob = Person(pair[1], "h-bob")
    people.append(bob)
    alice.send(*(f"PRIVMSG #backlog :line {i}" for i in range(30, 40)))
    bob.type("/join backlog")
    alice.sync()
    alice.do("PRIVMSG #backlog :the end")
    lines = bob.until("the end") + bob.seen()
    assert sum(line.startswith("h-alice: ") for line in lines) >= 20  # "the end" is one of them where bob came late
    shown = [int(line.rpartition(" ")[2]) for line in lines if line.startswith("h-alice: line ")]
    assert sorted(set(shown)) == sorted(shown)
    assert set(shown) == set(range(min(shown), 40))


def test_a_taken_name_gets_a_suggestion_and_the_next_line_is_tried(
    shared: Network, pair: Pair, people: list[Person]
) -> None:
    """As a sentence, never a numeric, also for an invalid name."""
    shared.peer(pair[0], "wanted")
    person = Person(pair[1])
    people.append(person)
    person.type("wanted", "two words", "wanted2")
    assert person.line() == "* wanted is taken. How about wanted2?"
    assert "How about twowords?" in person.line()
    assert any(line.startswith("* Welcome, wanted2.") for line in person.seen())


def test_commands(shared: Network, pair: Pair, people: list[Person]) -> None:
    """/nick /join /part /msg /who /me /help /quit."""
    alice = shared.peer(pair[0], "c-alice", "", "#cmd")
    bob = Person(pair[1], "c-bob")
    people.append(bob)
    bob.type("/join cmd")
    assert "* you joined #cmd" in bob.seen()
    alice.until(" JOIN ")
    bob.type("/me waves", "//not a command", "/msg c-alice a secret", "/nick c-bobby")
    assert bob.seen() == ["* you are now c-bobby"]
    said = [line.partition(" ")[2] for line in alice.until(" NICK ")]
    assert said == [
        "PRIVMSG #cmd :\x01ACTION waves\x01",
        "PRIVMSG #cmd :/not a command",
        "PRIVMSG c-alice :a secret",
        "NICK c-bobby",
    ]
    bob.type("/who")
    assert bob.seen() == ["* in #cmd: @c-alice c-bobby"]
    bob.type("/help")
    assert "* /quit [TEXT]      leave" in bob.seen()
    bob.type("/nick c-alice", "/nick 2 words", "/msg nobody-here hi")
    taken, impossible, nobody = bob.seen()
    assert taken == "* c-alice is taken. How about c-alice2?"
    assert "How about _2words?" in impossible
    assert nobody == "* nobody-here: No such nick/channel"
    bob.type("/part")
    assert bob.seen() == ["* you left #cmd"]
    bob.type("/quit good night")
    assert bob.line() == "* Disconnected: Quit: good night. Press Enter to end this program."
    assert bob.line() == ""


def test_lines_of_other_rooms_are_marked(shared: Network, pair: Pair, people: list[Person]) -> None:
    """Input goes to one room. Messages of other rooms name the room, and events of users are shown once."""
    alice = shared.peer(pair[0], "r-alice", "", "#r1", "#r2")
    bob = Person(pair[1], "r-bob")
    eve = Person(pair[1], "r-eve")
    people += [bob, eve]
    bob.type("/join r1", "/join r2")
    eve.type("/join r1")
    eve.seen()
    bob.seen()
    alice.sync()
    alice.do("PRIVMSG #r1 :one", "PRIVMSG #r2 :two")
    assert bob.until("two") == ["[#r1] r-alice: one", "r-alice: two"]
    assert eve.until("one") == ["r-alice: one"]
    bob.type("/join r1", "to r1")
    assert bob.seen() == ["* you now write in #r1"]
    assert eve.until("to r1") == ["r-bob: to r1"]
    alice.do("PRIVMSG #r1 :one", "PRIVMSG #r2 :two", "NICK r-ann", "PRIVMSG #r1 :done")
    assert bob.until("done") == ["r-alice: one", "[#r2] r-alice: two", "* r-alice is now r-ann", "r-ann: done"]
    bob.type("/part")
    bob.type("to the room before")
    assert bob.until("you left") == ["* you left #r1"]
    assert alice.until("before")[-1].endswith(" PRIVMSG #r2 :to the room before")
    alice.do("KICK #r2 r-bob :enough")
    assert bob.until("kicked") == ["* r-ann kicked r-bob out of #r2 (enough)"]


def until_quit(reader: Peer, nick: str) -> list[str]:
    """Return the events of one user in the lobby until the QUIT. Users of earlier tests come and go there too."""
    lines: list[str] = []
    while not lines or " QUIT " not in lines[-1]:
        lines += [line for line in reader.until(f":{nick}!") if line.startswith(f":{nick}!")]
    return lines


def test_a_half_closed_pipe_is_heard_to_its_end(shared: Network, pair: Pair, people: list[Person]) -> None:
    """`printf ... | nc -N`: the gateway reads to the end, also a line without a line end, delivers and closes."""
    alice = shared.peer(pair[0], "p-alice", "", "#lobby")
    bob = Person(pair[1])
    people.append(bob)
    bob.send(b"p-bob\nhello\nbye")
    shown = bob.end_input()
    assert "* you joined #lobby" in shown
    lines = until_quit(alice, "p-bob")
    assert [line.split(" ")[1] for line in lines] == ["JOIN", "PRIVMSG", "PRIVMSG", "QUIT"]
    assert lines[2].endswith(" :bye")


def test_what_was_said_before_a_reset_is_delivered(shared: Network, pair: Pair) -> None:
    """`printf ... | nc -q0`: the program has ended while its name is still being claimed."""
    alice = shared.peer(pair[0], "q-alice", "", "#lobby")
    with socket.create_connection(("127.0.0.1", pair[1].port), DEADLINE_S) as gone:
        gone.sendall(b"q-bob\nhello\n")
    lines = until_quit(alice, "q-bob")
    assert [line.split(" ")[1] for line in lines] == ["JOIN", "PRIVMSG", "QUIT"]


@pytest.mark.skipif(shutil.which("nc") is None, reason="no netcat on this machine")
def test_through_netcat(shared: Network, pair: Pair) -> None:
    """The command of the README."""
    alice = shared.peer(pair[0], "n-alice", "", "#lobby")
    done = subprocess.run(
        ["nc", "-N", "127.0.0.1", str(pair[1].port)],
        input=b"n-bob\nhello\n",
        capture_output=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert b"* you joined #lobby\n" in done.stdout
    assert b"\r" not in done.stdout
    lines = until_quit(alice, "n-bob")
    assert [line.split(" ")[1] for line in lines] == ["JOIN", "PRIVMSG", "QUIT"]


def test_telnet_may_negotiate_and_send_what_it_likes(shared: Network, pair: Pair, people: list[Person]) -> None:
    """RFC 854: options and interrupts are no text. Lines end in CR LF."""
    alice = shared.peer(pair[0], "i-alice", "", "#lobby")
    bob = Person(pair[1])
    people.append(bob)
    bob.send(b"\xff\xfd\x03\xff\xfb\x18\r\ni-bob\r\nhel\xff\xf4\xff\xfd\x06lo\r\n\x1b[Athere\x07\r\n")
    assert "* you joined #lobby" in bob.seen()
    said = [line.partition(" :")[2] for line in alice.until("there") if " PRIVMSG " in line]
    assert said == ["hello", "there"]


def test_colours_and_control_characters_are_not_shown(shared: Network, pair: Pair, people: list[Person]) -> None:
    """Others' lines cannot move the cursor of a terminal."""
    alice = shared.peer(pair[0], "k-alice", "", "#lobby")
    bob = Person(pair[1], "k-bob")
    people.append(bob)
    alice.do("PRIVMSG #lobby :\x02bold\x0f \x0304,01red\x03 \x1b[2J\x1b[31mx\x07")
    assert bob.until("bold") == ["k-alice: bold red x"]


def test_a_silent_person_is_not_pinged(network: Network) -> None:
    """No ping timeout: TCP's keepalive detects dead peers."""
    gateway = network.gateway(HUBBUB_PING_INTERVAL_S="1")
    bob = Person(gateway, "quiet")
    other = network.peer(gateway, "pinged")
    assert other.is_closed()  # an IRC client that does not answer is dropped
    assert bob.seen() == []
    bob.close()


def test_everybody_reads_a_word_when_the_gateway_ends(network: Network, people: list[Person]) -> None:
    """Users that talk, and users that were asked for a name. A browser's spare connection gets nothing."""
    gateway = network.gateway()
    named, asked = Person(gateway, "named"), Person(gateway)
    people += [named, asked]
    asked.type("")
    assert "Type your name" in asked.line()
    with socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S) as silent:
        gateway.stop()
        assert named.until("Disconnected")[-1:] == [
            "* Disconnected: The gateway is shutting down. Press Enter to end this program."
        ]
        assert asked.line().rstrip("\r") == "Goodbye. The gateway is shutting down."
        assert [named.line(), asked.line(), silent.recv(512)] == ["", "", b""]


def test_rooms_and_topics_can_be_listed_and_set(shared: Network, pair: Pair, people: list[Person]) -> None:
    bob = Person(pair[0], "l-bob")
    people.append(bob)
    bob.type("/join l-tea", "/topic", "/topic five o'clock", "/topic")
    assert "* l-bob set the topic of #l-tea: five o'clock" in bob.until("* topic of #l-tea: five o'clock")
    bob.type("/list -tea")
    assert bob.until("* end of the list")[-2:] == ["* #l-tea (1): five o'clock", "* end of the list"]
