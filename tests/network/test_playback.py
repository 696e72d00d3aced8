"""IRCv3 chathistory with draft/event-playback: the events of a room, not only the messages."""

from tests.network.harness import Gateway, Network, Peer
from tests.network.test_history import CAPS, batch, tag

Pair = tuple[Gateway, Gateway]

PLAYBACK = f"{CAPS} draft/event-playback"


def without_msgid(line: str) -> str:
    """Return lines without msgid, since only messages have one when they come live."""
    tags, _, rest = line.partition(" ")
    kept = [one for one in tags[1:].split(";") if not one.startswith("msgid=")]
    return f"@{';'.join(kept)} {rest}"


def playback(peer: Peer, room: str) -> list[str]:
    return batch(peer.do(f"CHATHISTORY LATEST {room} * 100"), room)


def test_events_come_as_members_were_shown_them(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory: "TAGMSG, JOIN, PART, QUIT, MODE, TOPIC, and NICK", and KICK, in one order with messages."""
    witness = shared.peer(pair[0], "witnesse", PLAYBACK, "#Events")
    guest = shared.peer(pair[1], "gueste", PLAYBACK)
    witness.sync()
    heard: list[str] = []

    def do(peer: Peer, *lines: str) -> None:
        own = peer.do(*lines)
        heard.extend(own if peer is witness else witness.sync())

    do(guest, "JOIN #events")
    do(witness, "PRIVMSG #events :welcome", "MODE #events +ov gueste gueste")
    do(guest, "NICK gueste2", "@+draft/react=x TAGMSG #events", "TOPIC #events :of events")
    do(witness, "MODE #events -o+b gueste2 *!*@nowhere", "NOTICE #events :kick follows")
    do(witness, "KICK #events gueste2 :out")
    do(guest, "JOIN #events")
    do(guest, "PART #events :bye")
    do(guest, "JOIN #events")
    guest.send("QUIT :gone")
    assert guest.is_closed()
    heard.extend(witness.sync())
    live = [line for line in heard if " :irc.test " not in line]
    assert {line.split(" ")[2] for line in live} == {
        *("JOIN", "PRIVMSG", "MODE", "NICK", "TAGMSG", "TOPIC", "NOTICE", "KICK", "PART", "QUIT")
    }
    reader = shared.peer(pair[1], "readere", PLAYBACK, "#events")
    first, *events, own = playback(reader, "#Events")
    assert " JOIN #Events" in first
    assert own.endswith(" JOIN #Events")
    assert [without_msgid(line) for line in events] == [without_msgid(line) for line in live]
    assert not any("hubbub/" in line or "the peer" in line for line in (first, *events, own))
    said = [line for line in live if " PRIVMSG " in line or " NOTICE " in line]
    assert [line for line in events if " PRIVMSG " in line or " NOTICE " in line] == said


def test_without_the_capability_there_are_messages_only(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory: "the server MUST NOT send any lines other than PRIVMSG and NOTICE in the reply batch"."""
    alice = shared.peer(pair[0], "alicew", CAPS, "#only")
    said = [
        line for line in alice.do("TOPIC #only :t", "@+a=b TAGMSG #only", "PRIVMSG #only :said") if "PRIVMSG" in line
    ]
    reader = shared.peer(pair[1], "readerw", CAPS, "#only")
    assert playback(reader, "#only") == said


def test_tagmsg_is_for_who_has_message_tags(shared: Network, pair: Pair) -> None:
    """IRCv3 message-tags: TAGMSG only to clients that have negotiated it."""
    alice = shared.peer(pair[0], "alicem", PLAYBACK, "#tagged")
    alice.do("@+draft/react=x TAGMSG #tagged", "PRIVMSG #tagged :said")
    bare = shared.peer(pair[1], "barem", "draft/chathistory draft/event-playback", "#tagged")
    lines = bare.do("CHATHISTORY LATEST #tagged * 3")
    assert [line.split(" ")[1] for line in lines] == ["JOIN", "PRIVMSG", "JOIN"]


def test_a_page_is_counted_in_what_is_shown_and_every_line_can_be_referred_to(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory: paging by msgid; events have one here."""
    alice = shared.peer(pair[0], "alicec", PLAYBACK, "#count")
    bob = shared.peer(pair[1], "bobc", PLAYBACK, "#count")
    for i in range(12):
        alice.do(f"TOPIC #count :t{i}", f"PRIVMSG #count :m{i}")
    bob.sync()
    every = playback(bob, "#count")
    assert len(every) == 26
    backwards = every[-1:]
    while page := batch(bob.do(f"CHATHISTORY BEFORE #count msgid={tag(backwards[0], 'msgid')} 5"), "#count"):
        assert len(page) == 5
        backwards = page + backwards
    assert backwards == every


def test_what_had_no_effect_is_not_played(shared: Network, pair: Pair) -> None:
    """Events that were never shown: rejected events, and changes that change nothing."""
    alice = shared.peer(pair[0], "alicen", PLAYBACK, "#noop")
    bob = shared.peer(pair[1], "bobn", PLAYBACK, "#noop")
    alice.sync()
    heard: list[str] = []
    for i in range(10):
        heard += alice.do("MODE #noop -t", "MODE #noop -t")
        bob.sync()
        alice.send(f"TOPIC #noop :same {i}", f"TOPIC #noop :same {i}", "MODE #noop +t")
        bob.send(f"TOPIC #noop :bob's {i}")
        bob.sync()
        heard += alice.sync()
    live = [line for line in heard if " :irc.test " not in line]
    bob.sync()
    _, _, *events = playback(bob, "#noop")
    assert [without_msgid(line) for line in events] == live


def test_typing_is_over(shared: Network, pair: Pair) -> None:
    """IRCv3 typing: a typing notice is valid for seconds."""
    alice = shared.peer(pair[0], "alicey", PLAYBACK, "#typing")
    alice.do("@+typing=active TAGMSG #typing", "@+typing=done PRIVMSG #typing :done")
    assert [line.split(" ")[2] for line in playback(alice, "#typing")] == ["JOIN", "PRIVMSG"]
