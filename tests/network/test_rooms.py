"""TOPIC, KICK and INVITE across gateways. The members of a test are on different gateways."""

from tests.network.harness import Gateway, Network, Peer
from tests.network.test_modes import code

Pair = tuple[Gateway, Gateway]


def two(shared: Network, pair: Pair, suffix: str) -> tuple[Peer, Peer, str]:
    """An operator and an ordinary member of a new room, on two gateways."""
    room = f"#r{suffix}"
    return shared.peer(pair[0], f"rop{suffix}", "", room), shared.peer(pair[1], f"rus{suffix}", "", room), room


def lines_of(lines: list[str], verb: str) -> list[str]:
    return [line for line in lines if line.split(" ")[1] == verb]


def test_a_topic_is_set_and_told(shared: Network, pair: Pair) -> None:
    """Modern IRC "TOPIC message": RPL_NOTOPIC (331), RPL_TOPIC (332), RPL_TOPICWHOTIME (333)."""
    op, user, room = two(shared, pair, "a")
    assert code(user.do(f"TOPIC {room}"), "331") == [f"{room} :No topic is set"]
    op.do(f"TOPIC {room} :to be  talked of")
    (line,) = lines_of(user.sync(), "TOPIC")
    assert line.endswith(f" TOPIC {room} :to be  talked of")
    told = user.do(f"TOPIC {room}")
    assert code(told, "332") == [f"{room} :to be  talked of"]
    assert code(told, "333")[0].split()[1].startswith("ropa!")
    late = shared.peer(pair[1], "late_ra")
    assert code(late.do(f"JOIN {room}"), "332") == [f"{room} :to be  talked of"]
    op.do(f"TOPIC {room} :")
    assert code(late.do(f"TOPIC {room}"), "331")


def test_a_topic_is_the_operators_under_t(shared: Network, pair: Pair) -> None:
    """Modern IRC "Protected Topic Mode": ERR_CHANOPRIVSNEEDED (482); without +t for every member."""
    op, user, room = two(shared, pair, "b")
    assert code(user.do(f"TOPIC {room} :mine"), "482") == [f"{room} :You're not channel operator"]
    op.do(f"MODE {room} -t")
    user.do(f"TOPIC {room} :mine")
    assert lines_of(op.sync(), "TOPIC")[0].endswith(" :mine")
    process = shared.peer(pair[0], "outside_rb")
    assert code(process.do(f"TOPIC {room} :theirs"), "442")
    op.do(f"MODE {room} +s")
    assert code(process.do(f"TOPIC {room}"), "442")


def test_a_topic_is_cut_to_topiclen(shared: Network, pair: Pair) -> None:
    """ISUPPORT TOPICLEN."""
    op, user, room = two(shared, pair, "c")
    op.do(f"TOPIC {room} :{'x' * 400}")
    assert lines_of(user.sync(), "TOPIC")[0].endswith(" :" + "x" * 300)


def test_kick_takes_several_members_out_with_a_comment(shared: Network, pair: Pair) -> None:
    """Modern IRC "KICK message"; RFC 2812 3.2.8; the comment is cut to ISUPPORT KICKLEN."""
    op, user, room = two(shared, pair, "d")
    other = shared.peer(pair[0], "other_rd", "", room)
    for lines in (op.do(f"KICK {room} rusd,OTHER_RD :{'y' * 250}"), user.sync()):
        assert lines_of(lines, "KICK")[0].endswith(f" KICK {room} rusd :" + "y" * 200)
    assert [line.split(" ")[3] for line in lines_of(other.sync(), "KICK")] == ["rusd", "other_rd"]
    assert code(user.do(f"PRIVMSG {room} :still here?"), "404")
    assert code(op.do(f"PART {room}", f"JOIN {room}"), "353") == [f"= {room} :@ropd"]


def test_kick_names_its_author_where_no_comment_is_given(shared: Network, pair: Pair) -> None:
    """Modern IRC "KICK message": a default comment."""
    op, user, room = two(shared, pair, "e")
    op.do(f"KICK {room} ruse")
    assert lines_of(user.sync(), "KICK")[0].endswith(f" KICK {room} ruse :rope")


def test_kick_is_refused_to_others_and_of_others(shared: Network, pair: Pair) -> None:
    """Modern IRC "KICK message": 482, 442, 441, 403, 461; 401 for a nick that nobody has."""
    op, user, room = two(shared, pair, "f")
    process = shared.peer(pair[1], "outside_rf")
    assert code(user.do(f"KICK {room} ropf"), "482")
    assert code(process.do(f"KICK {room} ropf"), "442")
    assert code(op.do(f"KICK {room} outside_rf"), "441") == [f"outside_rf {room} :They aren't on that channel"]
    assert code(op.do(f"KICK {room} nobody_rf"), "401")
    assert code(op.do("KICK #nowhere_rf rusf"), "403")
    assert code(op.do(f"KICK {room}"), "461")


def test_an_invitation_reaches_its_target_and_opens_the_room(shared: Network, pair: Pair) -> None:
    """Modern IRC "INVITE message": RPL_INVITING (341); "Invite-Only Channel Mode"; INVITE alone lists (336, 337)."""
    op, _, room = two(shared, pair, "g")
    guest = shared.peer(pair[1], "guest_rg", "echo-message")
    op.do(f"MODE {room} +i")
    assert code(guest.do(f"JOIN {room}"), "473")
    told = op.do(f"INVITE guest_rg {room}")
    assert code(told, "341") == [f"guest_rg {room}"]
    assert lines_of(told, "INVITE") == []
    (line,) = lines_of(guest.sync(), "INVITE")
    assert line.startswith(":ropg!")
    assert line.endswith(f" INVITE guest_rg {room}")
    assert code(guest.do("INVITE"), "336") == [room]
    assert code(guest.do(f"JOIN {room}"), "366")
    listed = guest.do("INVITE")
    assert (code(listed, "336"), code(listed, "337")) == ([], [":End of /INVITE list"])


def test_who_may_invite_whom(shared: Network, pair: Pair) -> None:
    """Modern IRC "INVITE message": 443, 442, 482 under +i, 401, 403."""
    op, user, room = two(shared, pair, "h")
    process = shared.peer(pair[1], "outside_rh")
    assert code(op.do(f"INVITE rush {room}"), "443") == [f"rush {room} :is already on channel"]
    assert code(process.do(f"INVITE outside_rh {room}"), "442")
    assert code(user.do(f"INVITE outside_rh {room}"), "341")
    op.do(f"MODE {room} +i")
    assert code(user.do(f"INVITE outside_rh {room}"), "482")
    assert code(op.do(f"INVITE nobody_rh {room}"), "401")
    assert code(op.do("INVITE outside_rh #nowhere_rh"), "403")
    assert code(op.do("INVITE outside_rh"), "461")


def test_whom_names_tells_does_not_join_afterwards(network: Network) -> None:
    """RFC 2812 3.2.1: the list contains all members, the new one included."""
    gateway = network.gateway()
    peers = [network.peer(gateway, f"peer{i}") for i in range(20)]
    for peer in peers:
        peer.send("JOIN #crowd")
    for peer in peers:
        lines = peer.sync()
        names = next(place for place, line in enumerate(lines) if " 353 " in line)
        listed = {word.lstrip("@") for word in lines[names].partition(" :")[2].split()}
        later = {line[1:].partition("!")[0] for line in lines[names:] if " JOIN " in line}
        assert not listed & later
