"""Modern IRC and RFC 2812 section 3, command by command: the asker is on one gateway, the other users on another.

The intended differences are in docs/protocol.md ("What differs on purpose"). Its rows cite these tests.
"""

import re

import pytest

from tests.network.conftest import Visit
from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]
Row = tuple[str, str, list[str]]
"""The clause, the input (several lines separated by "; "), and the complete answer."""


def plain(lines: list[str]) -> list[str]:
    """Return answers without the server's name and without values that differ in each run (hosts, times, ids)."""
    found = [line.removeprefix(":irc.test ") for line in lines]
    for pattern, word in (
        (r"[0-9a-f]{12}\.cloak", "HOST"),
        (r"\b1\d{9}\b", "TIME"),
        (r":\w+day \d.* UTC", ":DATE"),
        (r"(gateway) \w{6}$", r"\1 ID"),
        (r"\b\d+ (TIME :seconds idle)", r"IDLE \1"),
    ):
        found = [re.sub(pattern, word, line) for line in found]
    return found


@pytest.fixture(scope="module")
def there(shared: Network, pair: Pair) -> dict[str, Peer]:
    """The peers on the other gateway, by nick, in the rooms of the tests."""
    ann = shared.peer(pair[0], "ann", "", "#room", "#keyed", "#secret", "#full", "#closed", "#banned")
    cat = shared.peer(pair[0], "cat", "", "#room")
    eve = shared.peer(pair[0], "eve", "", "#eves")
    cat.do("AWAY :lunch", "MODE cat +i")
    ann.do("TOPIC #room :about it", "MODE #room +v cat", "MODE #room +b *!*@bad.host", "MODE #keyed +k key")
    ann.do("MODE #secret +s", "MODE #full +l 1", "MODE #closed +i", "MODE #banned +b bob!*@*")
    eve.do("NICK eva", "NICK eve")
    return {"ann": ann, "cat": cat, "eve": eve}


CONNECTION: list[Row] = [
    ("Modern IRC PASS; RFC 2812 3.1.1", "PASS x", ["462 bob :You may not reregister"]),
    ("Modern IRC PASS", "PASS", ["461 bob PASS :Not enough parameters"]),
    ("Modern IRC NICK; RFC 2812 3.1.2", "NICK", ["431 bob :No nickname given"]),
    ("Modern IRC NICK", "NICK 1st", ["432 bob 1st :Erroneous nickname"]),
    ("Modern IRC NICK", "NICK ANN", ["433 bob ANN :Nickname is already in use"]),
    ("Modern IRC NICK", "NICK BOB; NICK bob", [":bob!bob@HOST NICK BOB", ":BOB!bob@HOST NICK bob"]),
    ("Modern IRC USER; RFC 2812 3.1.3", "USER a 0 * :b", ["462 bob :You may not reregister"]),
    ("Modern IRC OPER; RFC 2812 3.1.4", "OPER", ["461 bob OPER :Not enough parameters"]),
    ("Modern IRC OPER", "OPER a b", ["491 bob :No operators are set up for this server"]),
    ("RFC 2812 3.1.5", "MODE bob", ["221 bob +"]),
    ("RFC 2812 3.1.5", "MODE bob +i-i+w", [":bob!bob@HOST MODE bob :+i-i+w"]),
    ("RFC 2812 3.1.5", "MODE bob +o-o", []),
    ("Modern IRC MODE", "MODE bob +q", ["501 bob :Unknown MODE flag"]),
    ("Modern IRC MODE", "MODE ann +i", ["502 bob :Cant change mode for other users"]),
    ("Modern IRC MODE", "MODE nobody", ["401 bob nobody :No such nick/channel"]),
    ("Modern IRC PING; RFC 2812 3.7.2", "PING", ["461 bob PING :Not enough parameters"]),
    ("Modern IRC PING", "PING :a b", ["PONG irc.test :a b"]),
    ("Modern IRC PONG; RFC 2812 3.7.3", "PONG x", []),
    ("IRCv3 capability-negotiation", "CAP", ["461 bob CAP :Not enough parameters"]),
    ("IRCv3 capability-negotiation", "CAP X", ["410 bob X :Invalid CAP command"]),
]

ROOMS: list[Row] = [
    ("Modern IRC JOIN; RFC 2812 3.2.1", "JOIN", ["461 bob JOIN :Not enough parameters"]),
    (
        "Modern IRC JOIN",
        "JOIN #ROOM",
        [
            ":bob!bob@HOST JOIN #room",
            "332 bob #room :about it",
            "333 bob #room ann!ann@HOST TIME",
            "353 bob = #room :@ann +cat bob",
            "366 bob #room :End of /NAMES list.",
        ],
    ),
    ("Modern IRC JOIN", "JOIN &local", ["403 bob &local :No such channel"]),
    ("Modern IRC JOIN", "JOIN #keyed wrong", ["475 bob #keyed :Cannot join channel (+k)"]),
    ("Modern IRC JOIN", "JOIN #full", ["471 bob #full :Cannot join channel (+l)"]),
    ("Modern IRC JOIN", "JOIN #closed", ["473 bob #closed :Cannot join channel (+i)"]),
    ("Modern IRC JOIN", "JOIN #banned", ["474 bob #banned :Cannot join channel (+b)"]),
    ("RFC 2812 3.2.1", "JOIN 0", []),
    ("Modern IRC PART; RFC 2812 3.2.2", "PART", ["461 bob PART :Not enough parameters"]),
    (
        "Modern IRC PART",
        "PART #room,#nowhere",
        ["442 bob #room :You're not on that channel", "403 bob #nowhere :No such channel"],
    ),
    ("RFC 2812 3.2.3", "MODE", ["461 bob MODE :Not enough parameters"]),
    ("Modern IRC MODE", "MODE #room", ["324 bob #room +nt", "329 bob #room TIME"]),
    ("Modern IRC MODE", "MODE #keyed", ["324 bob #keyed +knt", "329 bob #keyed TIME"]),
    (
        "Modern IRC MODE",
        "MODE #room b",
        ["367 bob #room *!*@bad.host ann!ann@HOST TIME", "368 bob #room :End of channel ban list"],
    ),
    ("Modern IRC MODE", "MODE #room +e", ["349 bob #room :End of channel exception list"]),
    ("Modern IRC MODE", "MODE #room I", ["347 bob #room :End of channel invite exception list"]),
    ("Modern IRC MODE", "MODE #room +z", ["472 bob z :is unknown mode char to me"]),
    ("Modern IRC MODE", "MODE #room +o bob", ["442 bob #room :You're not on that channel"]),
    ("Modern IRC MODE", "MODE #nowhere +m", ["403 bob #nowhere :No such channel"]),
    ("Modern IRC TOPIC; RFC 2812 3.2.4", "TOPIC", ["461 bob TOPIC :Not enough parameters"]),
    ("Modern IRC TOPIC", "TOPIC #room", ["332 bob #room :about it", "333 bob #room ann!ann@HOST TIME"]),
    ("Modern IRC TOPIC", "TOPIC #keyed", ["331 bob #keyed :No topic is set"]),
    ("Modern IRC TOPIC", "TOPIC #room :mine", ["442 bob #room :You're not on that channel"]),
    ("Modern IRC NAMES; RFC 2812 3.2.5", "NAMES", ["366 bob * :End of /NAMES list."]),
    ("Modern IRC NAMES", "NAMES #room", ["353 bob = #room :@ann", "366 bob #room :End of /NAMES list."]),
    ("Modern IRC NAMES", "NAMES #secret", ["366 bob #secret :End of /NAMES list."]),
    (
        "Modern IRC LIST; RFC 2812 3.2.6",
        "LIST #room,#secret,#nowhere",
        ["321 bob Channel :Users  Name", "322 bob #room 2 :about it", "323 bob :End of /LIST"],
    ),
    ("Modern IRC INVITE; RFC 2812 3.2.7", "INVITE", ["337 bob :End of /INVITE list"]),
    ("Modern IRC INVITE", "INVITE ann", ["461 bob INVITE :Not enough parameters"]),
    ("Modern IRC INVITE", "INVITE ann #keyed", ["443 bob ann #keyed :is already on channel"]),
    ("Modern IRC INVITE", "INVITE eve #keyed", ["442 bob #keyed :You're not on that channel"]),
    ("Modern IRC INVITE", "INVITE nobody #keyed", ["401 bob nobody :No such nick/channel"]),
    ("Modern IRC INVITE", "INVITE eve #nowhere", ["403 bob #nowhere :No such channel"]),
    ("Modern IRC KICK; RFC 2812 3.2.8", "KICK #room", ["461 bob KICK :Not enough parameters"]),
    ("Modern IRC KICK", "KICK #room ann", ["442 bob #room :You're not on that channel"]),
    ("Modern IRC KICK", "KICK #nowhere ann", ["403 bob #nowhere :No such channel"]),
]

MESSAGES: list[Row] = [
    ("Modern IRC PRIVMSG; RFC 2812 3.3.1", "PRIVMSG", ["411 bob :No recipient given (PRIVMSG)"]),
    ("Modern IRC PRIVMSG", "PRIVMSG ann", ["412 bob :No text to send"]),
    ("Modern IRC PRIVMSG", "PRIVMSG nobody :x", ["401 bob nobody :No such nick/channel"]),
    ("Modern IRC PRIVMSG", "PRIVMSG #nowhere :x", ["403 bob #nowhere :No such channel"]),
    ("Modern IRC PRIVMSG", "PRIVMSG #room :x", ["404 bob #room :Cannot send to channel (no external messages)"]),
    ("Modern IRC PRIVMSG", "PRIVMSG a,b,c,d,e :x", ["407 bob a,b,c,d,e :Too many targets (at most 4)"]),
    ("Modern IRC PRIVMSG", "PRIVMSG cat :x", ["301 bob cat :lunch"]),
    ("RFC 2812 3.3.1", "PRIVMSG @#room,$*.test,ann@irc.test :x", [
        f"401 bob {target} :No such nick/channel" for target in ("@#room", "$*.test", "ann@irc.test")
    ]),
    ("Modern IRC NOTICE; RFC 2812 3.3.2", "NOTICE; NOTICE nobody :x; NOTICE #nowhere :x; NOTICE cat :x", []),
]  # fmt: skip

SERVER: list[Row] = [
    ("RFC 2812 3.4.1", "MOTD nowhere.test", ["402 bob nowhere.test :No such server"]),
    ("Modern IRC VERSION; RFC 2812 3.4.3", "VERSION nowhere.test", ["402 bob nowhere.test :No such server"]),
    ("Modern IRC STATS; RFC 2812 3.4.4", "STATS z", ["219 bob z :End of /STATS report"]),
    (
        "Modern IRC LINKS; RFC 2812 3.4.5",
        "LINKS *.test",
        [*["364 bob irc.test irc.test :0 gateway ID"] * 2, "365 bob *.test :End of /LINKS list"],
    ),
    ("Modern IRC TIME; RFC 2812 3.4.6", "TIME irc.test", ["391 bob irc.test :DATE"]),
    ("Modern IRC ADMIN; RFC 2812 3.4.9", "ADMIN", ["423 bob irc.test :No administrative info available"]),
    ("Modern IRC HELP", "HELP nothing", ["524 bob nothing :No help available on this topic"]),
    *[
        (clause, verb, [f"421 bob {verb.partition(' ')[0]} :Unknown command"])
        for clause, verb in (
            ("RFC 2812 3.1.6", "SERVICE a b c d e f"),
            ("RFC 2812 3.1.8", "SQUIT a b"),
            ("RFC 2812 3.4.7", "CONNECT a 1"),
            ("RFC 2812 3.4.8", "TRACE ann"),
            ("RFC 2812 3.5.1", "SERVLIST"),
            ("RFC 2812 3.5.2", "SQUERY a b"),
            ("RFC 2812 3.7.4", "ERROR x"),
            ("RFC 2812 4.3", "DIE"),
            ("RFC 2812 4.4", "RESTART"),
            ("RFC 2812 4.5", "SUMMON ann"),
            ("RFC 2812 4.6", "USERS"),
        )
    ],
]

PEOPLE: list[Row] = [
    ("Modern IRC WHO; RFC 2812 3.6.1", "WHO #room", [
        "352 bob #room ann HOST irc.test ann H@ :0 ann the peer",
        "315 bob #room :End of WHO list",
    ]),
    ("Modern IRC WHO", "WHO cat", [
        "352 bob * cat HOST irc.test cat G :0 cat the peer",
        "315 bob cat :End of WHO list",
    ]),
    ("Modern IRC WHO", "WHO c?t", ["315 bob c?t :End of WHO list"]),
    ("Modern IRC WHO", "WHO #secret", ["315 bob #secret :End of WHO list"]),
    ("Modern IRC WHO", "WHO * o", ["315 bob * :End of WHO list"]),
    ("Modern IRC WHOIS; RFC 2812 3.6.2", "WHOIS", ["431 bob :No nickname given"]),
    *[
        ("Modern IRC WHOIS", command, [
            "311 bob cat cat HOST * :cat the peer",
            "319 bob cat :+#room",
            "312 bob cat irc.test :a gateway of Hubbub",
            "301 bob cat :lunch",
            "317 bob cat IDLE TIME :seconds idle, signon time",
            "318 bob cat :End of /WHOIS list",
        ])
        for command in ("WHOIS cat", "WHOIS irc.test CAT", "WHOIS cat cat")
    ],
    ("Modern IRC WHOIS", "WHOIS nobody", [
        "401 bob nobody :No such nick/channel",
        "318 bob nobody :End of /WHOIS list",
    ]),
    ("Modern IRC WHOWAS; RFC 2812 3.6.3", "WHOWAS", ["431 bob :No nickname given"]),
    ("Modern IRC WHOWAS", "WHOWAS eva", [
        "314 bob eva eve HOST * :eve the peer",
        "312 bob eva irc.test :DATE",
        "369 bob eva :End of WHOWAS",
    ]),
    ("Modern IRC WHOWAS", "WHOWAS nobody", [
        "406 bob nobody :There was no such nickname",
        "369 bob nobody :End of WHOWAS",
    ]),
    ("Modern IRC AWAY; RFC 2812 4.1", "AWAY :x; AWAY", [
        "306 bob :You have been marked as being away",
        "305 bob :You are no longer marked as being away",
    ]),
    ("Modern IRC USERHOST; RFC 2812 4.8", "USERHOST ann cat nobody", ["302 bob :ann=+ann@HOST cat=-cat@HOST"]),
    ("RFC 2812 4.9", "ISON ann nobody eve", ["303 bob :ann eve"]),
    ("Modern IRC KILL; RFC 2812 3.7.1", "KILL ann :x", ["481 bob :Permission Denied- You're not an IRC operator"]),
    ("Modern IRC REHASH; RFC 2812 4.2", "REHASH", ["481 bob :Permission Denied- You're not an IRC operator"]),
    ("Modern IRC WALLOPS; RFC 2812 4.7", "WALLOPS x", ["481 bob :Permission Denied- You're not an IRC operator"]),
]  # fmt: skip


@pytest.mark.parametrize("row", [*CONNECTION, *ROOMS, *MESSAGES, *SERVER, *PEOPLE], ids=lambda row: row[1])
def test_is_answered(visit: Visit, there: dict[str, Peer], row: Row) -> None:
    """The clause is in the row."""
    assert there
    bob = visit(1, "bob")
    clause, sent, answers = row
    lines = bob.do(*sent.split("; "))
    assert plain(lines) == answers, clause


def test_whoever_is_away_is_answered_for_by_the_asker_s_own_server(network: Network) -> None:
    """Modern IRC "RPL_AWAY (301)", PRIVMSG: the source of a numeric is the server that the client is on."""
    far, near = network.gateway("--name", "far.test"), network.gateway("--name", "irc.test")
    network.peer(far, "cat", register=False).send("NICK cat", "USER cat 0 * :cat", "AWAY :lunch")
    bob = network.peer(near, "bob")
    while bob.do("PRIVMSG cat :hi") != [":irc.test 301 bob cat :lunch"]:
        pass  # until cat has joined and is away


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("MOTD far.test", "422"),
        ("LUSERS * far.test", "251"),
        ("VERSION far.*", "351"),
        ("TIME far.test", "391"),
        ("ADMIN far.test", "423"),
        ("INFO far.test", "371"),
        ("STATS u far.test", "402"),
    ],
)
def test_the_name_of_another_gateway_is_that_of_a_server(
    shared: Network, pair: Pair, elsewhere: Gateway, command: str, code: str
) -> None:
    """RFC 2812 3.4: a server that LINKS shows exists. Each gateway answers for the network, except for its uptime."""
    asker = shared.peer(pair[0], f"as{code}")
    assert elsewhere.port
    assert asker.do(command)[0].startswith(f":irc.test {code} ")


@pytest.fixture(scope="module")
def elsewhere(shared: Network, pair: Pair) -> Gateway:
    """Start a gateway with its own name."""
    assert pair
    return shared.gateway("--name", "far.test")


def test_what_operators_do_reaches_members_on_other_gateways(visit: Visit) -> None:
    """Modern IRC MODE, TOPIC, KICK, INVITE; RFC 2812 3.2.3, 3.2.4, 3.2.7, 3.2.8: others see what the actor sees."""
    op, user, guest = visit(0, "op", "", "#acts"), visit(1, "user", "", "#acts"), visit(1, "guest")
    op.sync()
    sent = ["MODE #acts +v-t user", "TOPIC #acts :new", "MODE #acts +kl key 9", "KICK #acts user :out"]
    shown = plain(op.do(*sent))
    assert shown == plain(user.sync())
    assert [line.partition(" ")[2] for line in shown] == sent
    assert plain(op.do("INVITE guest #acts")) == ["341 op guest #acts"]
    assert plain(guest.sync()) == [":op!op@HOST INVITE guest #acts"]
    assert plain(guest.do("INVITE")) == ["336 guest #acts", "337 guest :End of /INVITE list"]
    assert plain(user.do("JOIN #acts"))[-1] == "475 user #acts :Cannot join channel (+k)"
    user.do("JOIN #acts key")
    assert plain(op.do("PART #acts :bye")) == [":user!user@HOST JOIN #acts", ":op!op@HOST PART #acts :bye"]


def test_quit_is_seen_on_other_gateways_and_told_by_error(visit: Visit) -> None:
    """Modern IRC QUIT, ERROR; RFC 2812 3.1.7, 3.7.4."""
    leaving = visit(0, "leaving", "", "#quits")
    user = visit(1, "user", "", "#quits")
    leaving.sync()
    leaving.send("QUIT :gone fishing")
    assert leaving.until("ERROR")[-1] == "ERROR :Closing link: Quit: gone fishing"
    assert plain(user.until(" QUIT "))[-1] == ":leaving!leaving@HOST QUIT :Quit: gone fishing"
