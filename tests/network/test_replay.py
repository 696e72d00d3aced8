"""History for clients without CHATHISTORY: the last lines after a JOIN, and znc.in/playback."""

import re
from datetime import datetime

import pytest

from tests.network.conftest import Visit
from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]

ECHO = "echo-message message-tags server-time"


def lines(received: list[str]) -> list[str]:
    """Return nick and text of every received message."""
    found = [re.search(r":([^! ]+)!\S+ (?:PRIVMSG|NOTICE) #\S+ :(.*)", line) for line in received]
    return [f"{match[1]}: {match[2]}" for match in found if match]


def told(received: list[str]) -> list[str]:
    """Return the same without the times in the texts. Each text must have one."""
    found = [re.fullmatch(r"(\w+): (\x01ACTION )?\[\d\d:\d\d\] (.*)", line) for line in lines(received)]
    assert all(found), lines(received)
    return [f"{match[1]}: {match[2] or ''}{match[3]}" for match in found if match]


def talk(visit: Visit, room: str, suffix: str, *texts: str) -> Peer:
    """Connect a user that stays in a room and has sent these messages."""
    peer = visit(0, f"ann{suffix}", ECHO, room)
    for text in texts:
        peer.do(f"PRIVMSG {room} :{text}")
    return peer


def test_the_last_lines_come_behind_the_names_with_the_time_in_the_text(visit: Visit) -> None:
    talk(visit, "#last", "a", *(f"m{i}" for i in range(25)), "\x01ACTION waves\x01", "\x01VERSION\x01")
    received = visit(1, "irssi").do("JOIN #last")
    end_of_names = next(at for at, line in enumerate(received) if " 366 " in line)
    assert not lines(received[:end_of_names])
    expected = [*(f"anna: m{i}" for i in range(7, 25)), "anna: \x01ACTION waves\x01"]
    assert told(received) == expected, "the newest 20; of a question that programs answer nothing is shown"


def test_with_server_time_the_text_is_as_it_was(visit: Visit) -> None:
    said = talk(visit, "#timed", "b").do("PRIVMSG #timed :hello")
    received = visit(1, "weechat", "server-time message-tags").do("JOIN #timed")
    assert [line for line in received if "PRIVMSG" in line] == [line for line in said if "PRIVMSG" in line]


def test_with_batch_they_are_a_batch(visit: Visit) -> None:
    """IRCv3 batch, chathistory batch type."""
    talk(visit, "#batched", "c", "hello", "again")
    received = visit(1, "lounge", "server-time batch").do("JOIN #Batched")
    opening = next(at for at, line in enumerate(received) if " BATCH +" in line)
    reference = received[opening].split("+")[1].split(" ")[0]
    assert received[opening] == f":irc.test BATCH +{reference} chathistory #batched"
    assert lines(received[opening + 1 : opening + 3]) == ["annc: hello", "annc: again"]
    assert all(line.startswith(f"@batch={reference};") for line in received[opening + 1 : opening + 3])
    assert received[opening + 3 :] == [f":irc.test BATCH -{reference}"]


def test_only_what_was_said_since_one_left(visit: Visit) -> None:
    """The same nick and host left by PART or QUIT. Events of others make no difference."""
    ann = talk(visit, "#since", "d", "before")
    said = ["before", "missed", "while he was out", "missed too"]
    ben = visit(1, "bend")
    assert told(ben.do("JOIN #since")) == ["annd: before"]
    ben.do("PART #since")
    ann.do("PRIVMSG #since :missed", "PART #since", "JOIN #since")
    assert told(ben.do("JOIN #since")) == ["annd: missed"]
    ann.do("KICK #since bend :out", "PRIVMSG #since :while he was out")
    assert told(ben.do("JOIN #since")) == ["annd: while he was out"]
    ben.send("QUIT :bye")
    assert ben.is_closed()
    ann.do("PRIVMSG #since :missed too")
    assert told(visit(0, "bend").do("JOIN #since")) == ["annd: missed too"]
    assert told(visit(1, "cord").do("JOIN #since")) == [f"annd: {text}" for text in said]


@pytest.mark.parametrize("caps", ["draft/chathistory", "znc.in/playback"])
def test_clients_that_ask_are_sent_nothing_unasked(visit: Visit, caps: str) -> None:
    """IRCv3 chathistory, "Implementation": no history that would otherwise be sent automatically."""
    talk(visit, "#asked", caps[:3], "hello")
    assert not lines(visit(1, f"asks{caps[:3]}", caps).do("JOIN #asked"))


def test_bots_are_sent_nothing_that_they_might_answer(visit: Visit) -> None:
    talk(visit, "#bots", "f", "!command")
    bot = visit(1, "bot")
    bot.do("MODE bot +B")
    assert not lines(bot.do("JOIN #bots"))


def test_several_rooms_and_a_label(visit: Visit) -> None:
    """IRCv3 labeled-response: replayed messages are in no labeled response."""
    talk(visit, "#one", "g", "first").do("JOIN #two", "PRIVMSG #two :second")
    received = visit(1, "lab", "batch labeled-response server-time").do("@label=x JOIN #one,#two,#three")
    last_label = max(at for at, line in enumerate(received) if "label=x" in line or " 366 " in line)
    assert lines(received[last_label:]) == lines(received) == ["anng: first", "anng: second"]
    assert not [line for line in received if line.count("batch=") > 1]


def test_the_setting(network: Network) -> None:
    gateway = network.gateway(HUBBUB_JOIN_HISTORY_MESSAGES="2")
    ann = network.peer(gateway, "ann", ECHO, "#set")
    ann.do("PRIVMSG #set :1", "PRIVMSG #set :2", "PRIVMSG #set :3")
    assert told(network.peer(gateway, "ben").do("JOIN #set")) == ["ann: 2", "ann: 3"]
    none = network.gateway(HUBBUB_JOIN_HISTORY_MESSAGES="0")
    assert not lines(network.peer(none, "cor").do("JOIN #set"))


def time_of(received: list[str], text: str) -> float:
    """Return the time of a message in seconds since 1970."""
    [stamp] = [re.findall(r"time=([^; ]+)", line)[0] for line in received if line.endswith(f":{text}")]
    return datetime.fromisoformat(stamp).timestamp()


@pytest.mark.parametrize("command", ["PRIVMSG *playback :PLAY", "ZNC *playback PLAY"])
def test_playback_gives_what_is_asked_for(visit: Visit, command: str) -> None:
    """znc.in/playback: PLAY BUFFER [SINCE [UNTIL]]; The Lounge uses the command ZNC."""
    room, suffix = ("#play", "h") if "PRIV" in command else ("#znc", "i")
    ann = visit(0, f"ann{suffix}", ECHO, room)
    at = [time_of(ann.do(f"PRIVMSG {room} :m{i}"), f"m{i}") for i in range(3)]
    peer = visit(1, f"znc{suffix}", "znc.in/playback server-time batch", room, f"{room}2")
    everything = [f"ann{suffix}: m{i}" for i in range(3)]
    for buffer in (room.upper(), "*", f"{room}2,{room}"):
        received = peer.do(f"{command} {buffer} 0")
        assert lines(received) == everything
        assert received[0].endswith(f" chathistory {room}")
    assert lines(peer.do(f"{command} {room}")) == everything
    assert set(lines(peer.do(f"{command} * {at[0]:.3f}"))) <= {f"ann{suffix}: m{i}" for i in (1, 2)}
    assert lines(peer.do(f"{command} * 0 {at[0]:.3f}"))[0] == f"ann{suffix}: m0"
    assert lines(peer.do(f"{command} * {at[2]:.3f}")) == []
    assert lines(peer.do(f"{command} #elsewhere 0")) == []


def test_playback_is_for_everybody_and_tells_its_usage(visit: Visit) -> None:
    talk(visit, "#usage", "j", "hello")
    peer = visit(1, "plain", "", "#usage")
    assert told(peer.do("PRIVMSG *playback :play #usage 0")) == ["annj: hello"]
    for wrong in ("PLAY", "PLAY * soon", "PLAY * 0 1 2", "LIST"):
        [line] = peer.do(f"PRIVMSG *playback :{wrong}")
        assert line.startswith(":irc.test NOTICE plain :Usage: PRIVMSG *playback :PLAY ")


def test_what_is_hidden_is_played_to_nobody(visit: Visit) -> None:
    ann = talk(visit, "#locked", "k", "public")
    ann.do("PART #locked", "JOIN #locked", "MODE #locked +i", "PRIVMSG #locked :secret", "PART #locked")
    peer = visit(1, "later")
    assert told(peer.do("JOIN #locked")) == ["annk: public"]
    assert told(peer.do("PRIVMSG *playback :PLAY * 0")) == ["annk: public"]
