"""A message that a client sends again with the same id tag is delivered once, from any gateway."""

from tests.network.harness import Gateway, Network

Pair = tuple[Gateway, Gateway]

CAPS = "batch echo-message labeled-response message-tags server-time draft/chathistory"


def tags(line: str) -> dict[str, str]:
    return dict(tag.partition("=")[::2] for tag in line.partition(" ")[0].removeprefix("@").split(";"))


def test_to_a_room_it_is_said_once_and_its_sender_gets_the_first_echo_again(network: Network, pair: Pair) -> None:
    first, second = pair
    ann = network.peer(first, "ann", CAPS, "#again")
    bob = network.peer(second, "bob", "message-tags", "#again")
    echo = ann.do("@+hubbub/id=7 PRIVMSG #again :hello")[-1]
    assert len(bob.sync()) == 1
    ann.close()
    back = network.peer(second, "ann2", CAPS, "#again", user="ann")
    bob.sync()
    again = back.do("@label=x;+hubbub/id=7 PRIVMSG #AGAIN :hello")[-1]
    other = back.do("@+hubbub/id=8 PRIVMSG #again :more")[-1]
    assert tags(again) == tags(echo) | {"label": "x"}
    assert again.endswith(" PRIVMSG #again :hello")
    assert other.endswith(" PRIVMSG #again :more")
    assert [line.partition(" PRIVMSG ")[2] for line in bob.sync() if " PRIVMSG " in line] == ["#again :more"]
    past = [line for line in back.do("CHATHISTORY LATEST #again * 10") if " PRIVMSG " in line]
    assert [line.rpartition(":")[2] for line in past] == ["hello", "more"]


def test_to_a_room_an_id_of_another_message_is_refused_by_name(network: Network, pair: Pair) -> None:
    """From another sender or with another text: the first message is echoed neither to its author nor to the other."""
    kim = network.peer(pair[0], "kim", f"{CAPS} standard-replies", "#taken")
    lou = network.peer(pair[1], "lou", f"{CAPS} standard-replies", "#taken")
    kim.do("@+hubbub/id=7 PRIVMSG #taken :mine")
    lou.sync()
    for peer, line in ((lou, "PRIVMSG #taken :mine"), (kim, "PRIVMSG #taken :other"), (kim, "NOTICE #taken :mine")):
        (answer,) = peer.do(f"@label=x;+hubbub/id=7 {line}")
        assert answer.startswith("@label=x :")
        assert f" FAIL {line.split()[0]} ID_IN_USE #taken :" in answer
    assert not [line for line in (*kim.sync(), *lou.sync()) if " #taken " in line]
    assert lou.do("@+hubbub/id=8 PRIVMSG #taken :still heard")
    assert kim.sync()[-1].endswith(" PRIVMSG #taken :still heard")


def test_nobody_makes_the_network_forget_the_ids_of_others(network: Network, pair: Pair) -> None:
    ivy = network.peer(pair[0], "ivy", CAPS, "#many")
    eve = network.peer(pair[1], "eve", "message-tags", "#many")
    echo = ivy.do("@+hubbub/id=7 PRIVMSG #many :hello")[-1]
    for first in range(0, 4200, 300):
        eve.do(*(f"@+hubbub/id=e{n} PRIVMSG #many :{n}" for n in range(first, first + 300)))
    assert ivy.do("@+hubbub/id=7 PRIVMSG #many :hello")[-1] == echo


def test_to_a_person_an_id_of_another_message_is_refused_by_name(network: Network, pair: Pair) -> None:
    max_ = network.peer(pair[1], "max")
    ned = network.peer(pair[0], "ned", "message-tags standard-replies")
    oda = network.peer(pair[0], "oda", "message-tags")
    ned.do("@+hubbub/id=7 PRIVMSG max :mine")
    max_.sync()
    oda.send("@+hubbub/id=7 PRIVMSG max :mine")
    assert " NOTICE oda :PRIVMSG max failed: another message has this id" in oda.until("failed")[-1]
    ned.send("@+hubbub/id=7 PRIVMSG max :other")
    assert ned.until(" FAIL ")[-1].startswith("@+hubbub/id=7 :")
    assert not [line for line in max_.sync() if " PRIVMSG " in line]


def test_without_echo_nothing_is_answered(network: Network, pair: Pair) -> None:
    cat = network.peer(pair[0], "cat", "message-tags", "#quiet")
    assert cat.do(*["@+hubbub/id=7 PRIVMSG #quiet :once"] * 3) == []


def test_what_was_said_is_not_refused_when_its_sender_may_speak_no_more(network: Network, pair: Pair) -> None:
    op = network.peer(pair[0], "op", "", "#hush")
    dan = network.peer(pair[1], "dan", CAPS, "#hush")
    echo = dan.do("@+hubbub/id=7 PRIVMSG #hush :said")[-1]
    op.do("MODE #hush +m")
    dan.sync()
    assert " 404 " in dan.do("@+hubbub/id=8 PRIVMSG #hush :not said")[0]
    assert dan.do("@+hubbub/id=7 PRIVMSG #hush :said") == [echo]


def test_from_outside_the_room(network: Network, pair: Pair) -> None:
    network.peer(pair[0], "inside", "", "#open").do("MODE #open -n")
    eve = network.peer(pair[1], "eve", CAPS)
    echo = eve.do("@+hubbub/id=7 PRIVMSG #open :hello")
    assert len(echo) == 1
    assert eve.do("@+hubbub/id=7 PRIVMSG #open :hello") == echo


def test_to_people_it_is_shown_once_each(network: Network, pair: Pair) -> None:
    first, second = pair
    fay, gil, hal = network.peer(first, "fay", CAPS), network.peer(second, "gil"), network.peer(second, "hal")
    for _ in range(2):
        assert len([line for line in fay.do("@+hubbub/id=7 PRIVMSG gil,hal :hello") if " PRIVMSG " in line]) == 2
    for peer in (gil, hal):
        assert [line.rpartition(":")[2] for line in peer.sync()] == ["hello"]
