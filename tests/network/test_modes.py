"""MODE of rooms and users on the whole network. The members of a test are on different gateways."""

import pytest

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]


def code(lines: list[str], numeric: str) -> list[str]:
    """Return the text after the nick in each reply of this numeric."""
    return [line.split(" ", 3)[3] for line in lines if line.split(" ")[1] == numeric]


def modes(lines: list[str]) -> list[str]:
    """Return the parameters of the MODE lines."""
    return [line.split(" ", 2)[2] for line in lines if line.split(" ")[1] == "MODE"]


def two(shared: Network, pair: Pair, suffix: str) -> tuple[Peer, Peer, str]:
    """An operator and an ordinary member of a new room, on two gateways."""
    room = f"#m{suffix}"
    return shared.peer(pair[0], f"op{suffix}", "", room), shared.peer(pair[1], f"us{suffix}", "", room), room


def test_a_room_s_modes_and_its_age_are_told(shared: Network, pair: Pair) -> None:
    """Modern IRC "MODE message": RPL_CHANNELMODEIS (324) and RPL_CREATIONTIME (329); the key to members only."""
    op, user, room = two(shared, pair, "a")
    op.do(f"MODE {room} +kl secret 7")
    told = user.do(f"MODE {room}")
    assert code(told, "324") == [f"{room} +klnt secret 7"]
    assert code(told, "329")[0].split()[1].isdigit()
    stranger = shared.peer(pair[1], "stranger_a")
    assert code(stranger.do(f"MODE {room}"), "324") == [f"{room} +klnt 7"]


def test_a_change_reaches_everyone_as_it_took_effect(shared: Network, pair: Pair) -> None:
    """Modern IRC "MODE message": what changed is sent to the room; RFC 2812 3.2.3."""
    op, user, room = two(shared, pair, "b")
    assert modes(op.do(f"MODE {room} +imov-t us{'b'} us{'b'}")) == [f"{room} +imov-t usb usb"]
    assert modes(user.sync()) == [f"{room} +imov-t usb usb"]
    assert modes(op.do(f"MODE {room} +i")) == []
    names = user.do(f"PART {room}", f"JOIN {room}")
    assert code(names, "473") == [f"{room} :Cannot join channel (+i)"]


@pytest.mark.parametrize(
    ("letter", "item", "end", "text"),
    [
        ("b", "367", "368", "End of channel ban list"),
        ("e", "348", "349", "End of channel exception list"),
        ("I", "346", "347", "End of channel invite exception list"),
    ],
)
def test_lists_of_masks_are_kept_and_told(
    shared: Network, pair: Pair, letter: str, item: str, end: str, text: str
) -> None:
    """Modern IRC "Ban, Exception, Invite-Exception Channel Mode": without a mask it requests the list."""
    op, user, room = two(shared, pair, f"c{letter}")
    assert modes(op.do(f"MODE {room} +{letter} evil")) == [f"{room} +{letter} evil!*@*"]
    told = user.do(f"MODE {room} {letter}")
    mask, by, at = code(told, item)[0].split()[1:]
    assert (mask, by.split("!")[0], at.isdigit()) == ("evil!*@*", f"opc{letter}", True)
    assert code(told, end) == [f"{room} :{text}"]
    assert modes(op.do(f"MODE {room} -{letter} EVIL!*@*")) == [f"{room} -{letter} evil!*@*"]
    assert code(user.do(f"MODE {room} +{letter}"), item) == []


def test_a_ban_keeps_out_and_silences_and_an_exception_lifts_it(shared: Network, pair: Pair) -> None:
    """Modern IRC "Ban Channel Mode" and "Exception Channel Mode"."""
    op, user, room = two(shared, pair, "d")
    op.do(f"MODE {room} +b usd")
    assert code(user.do(f"PRIVMSG {room} :hello"), "404")
    assert code(user.do(f"PART {room}", f"JOIN {room}"), "474") == [f"{room} :Cannot join channel (+b)"]
    op.do(f"MODE {room} +e *!usd@*")
    assert code(user.do(f"JOIN {room}"), "366")


def test_key_limit_and_invitation_exception_at_the_door(shared: Network, pair: Pair) -> None:
    """Modern IRC "Key Channel Mode", "Client Limit Channel Mode", "Invite-Exception Channel Mode"."""
    op, user, room = two(shared, pair, "e")
    late = shared.peer(pair[1], "late_e")
    op.do(f"MODE {room} +k sesame")
    assert code(late.do(f"JOIN {room}"), "475")
    op.do(f"MODE {room} +l 2")
    assert code(late.do(f"JOIN {room} sesame"), "471")
    op.do(f"MODE {room} -l+i-k sesame")
    assert code(late.do(f"JOIN {room}"), "473")
    op.do(f"MODE {room} +I late_*!*@*")
    assert code(late.do(f"JOIN {room}"), "366")
    assert any(" JOIN " in line for line in user.sync())


def test_who_is_not_an_operator_changes_nothing(shared: Network, pair: Pair) -> None:
    """Modern IRC "MODE message": ERR_CHANOPRIVSNEEDED (482); RFC 2812 3.2.3: ERR_NOTONCHANNEL (442)."""
    _, user, room = two(shared, pair, "f")
    assert code(user.do(f"MODE {room} +m"), "482") == [f"{room} :You're not channel operator"]
    process = shared.peer(pair[1], "outside_f")
    assert code(process.do(f"MODE {room} +m"), "442") == [f"{room} :You're not on that channel"]
    assert code(process.do("MODE #nowhere_f"), "403") == ["#nowhere_f :No such channel"]
    assert code(user.do(f"MODE {room} b"), "368")


def test_wrong_letters_and_parameters_are_told_and_the_rest_is_done(shared: Network, pair: Pair) -> None:
    """Modern IRC numerics: ERR_UNKNOWNMODE (472), ERR_INVALIDMODEPARAM (696), 441, 401."""
    op, _, room = two(shared, pair, "g")
    shared.peer(pair[1], "elsewhere_g")
    told = op.do(f"MODE {room} +zm")
    assert code(told, "472") == ["z :is unknown mode char to me"]
    assert modes(told) == [f"{room} +m"]
    told = op.do(f"MODE {room} +lk nine a,b")
    assert [line.rpartition(" :")[0] for line in code(told, "696")] == [f"{room} l nine", f"{room} k a,b"]
    assert code(op.do(f"MODE {room} +k :a b"), "696")[0].startswith(f"{room} k * :")
    assert code(op.do(f"MODE {room} +o"), "696") == [f"{room} o * :You must name a member"]
    assert code(op.do(f"MODE {room} +v elsewhere_g"), "441") == [f"elsewhere_g {room} :They aren't on that channel"]
    assert code(op.do(f"MODE {room} +v nobody_g"), "401") == ["nobody_g :No such nick/channel"]


def test_at_most_modes_changes_with_a_parameter_a_command(shared: Network, pair: Pair) -> None:
    """ISUPPORT MODES: changes above the limit are ignored."""
    op, _, room = two(shared, pair, "h")
    limit = next(int(word[6:]) for word in " ".join(op.welcome).split() if word.startswith("MODES="))
    masks = " ".join(f"m{i}!*@*" for i in range(limit + 1))
    assert modes(op.do(f"MODE {room} +{'b' * (limit + 1)} {masks}")) == [
        f"{room} +{'b' * limit} {masks.rpartition(' ')[0]}"
    ]


def test_a_list_that_is_full_takes_no_more(shared: Network, pair: Pair) -> None:
    """ISUPPORT MAXLIST; Modern IRC ERR_BANLISTFULL (478)."""
    op, _, room = two(shared, pair, "i")
    for i in range(0, 100, 5):
        op.do(f"MODE {room} +bbbbb {' '.join(f'm{i + j}!*@*' for j in range(5))}")
    assert code(op.do(f"MODE {room} +b another"), "478") == [f"{room} b :Channel list is full"]
    assert len(code(op.do(f"MODE {room} b"), "367")) == 100


def test_a_user_s_own_modes(shared: Network, pair: Pair) -> None:
    """Modern IRC "User mode": RPL_UMODEIS (221), ERR_UMODEUNKNOWNFLAG (501); only OPER sets +o."""
    user = shared.peer(pair[0], "self_j")
    assert modes(user.do("MODE self_j +iwo")) == ["self_j :+iw"]
    assert code(user.do("MODE Self_J"), "221") == ["+iw"]
    assert modes(user.do("MODE self_j -i+w")) == ["self_j :-i"]
    assert code(user.do("MODE self_j +z"), "501") == [":Unknown MODE flag"]


def test_nobody_sets_another_s_modes(shared: Network, pair: Pair) -> None:
    """Modern IRC "User mode": ERR_USERSDONTMATCH (502), ERR_NOSUCHNICK (401)."""
    one = shared.peer(pair[0], "one_k")
    shared.peer(pair[1], "other_k")
    assert code(one.do("MODE other_k +i"), "502") == [":Cant change mode for other users"]
    assert code(one.do("MODE nobody_k"), "401") == ["nobody_k :No such nick/channel"]
