"""Replies of the network as sentences: no numeric is shown as it is on the wire."""

import pytest

from client.phrases import reason, sentence
from gateway.wire import numerics
from gateway.wire.message import Message, parse


def shown(line: str) -> str | None:
    message = parse(line)
    assert message is not None
    return sentence(message, "alice")


NUMERICS = {name: code for name, code in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))}
# Their last parameter is a whole sentence on every server.
WHOLE = {
    *("RPL_WELCOME", "RPL_LUSERCLIENT", "RPL_LUSERME", "RPL_MOTD", "RPL_INFO", "RPL_STATSUPTIME"),
    *("RPL_ADMINLOC1", "RPL_ADMINLOC2", "RPL_ADMINEMAIL", "ERR_NOORIGIN", "ERR_INVALIDCAPCMD", "ERR_STARTTLS"),
}


@pytest.mark.parametrize("name", sorted(set(NUMERICS) - WHOLE))
def test_every_numeric_has_a_sentence(name: str) -> None:
    params = ["alice", "aa", "bb", "cc", "dd", "ee", "ff"]
    text = sentence(Message(NUMERICS[name], params, "gw"), "alice")
    if text is not None:
        assert text.startswith("* ")
        for raw in (" ".join(params[1:]), ": ".join(params[1:]), params[-1]):
            assert text != f"* {raw}"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (":gw 311 alice bob b host * :Bob B.", "* bob is Bob B. (b@host)"),
        (":gw 313 alice bob :is an IRC operator", "* bob is an operator of the network"),
        (":gw 317 alice bob 600 0 :seconds idle, signon time", "* bob has been idle for 10 minutes, and here since "),
        (":gw 317 alice bob 59 0 :seconds idle, signon time", "* bob has been idle for less than a minute, and here"),
        (":gw 319 alice bob :@#a #b ", "* bob is in @#a #b"),
        (":gw 330 alice bob bobby :is logged in as", "* bob is logged in as bobby"),
        (":gw 335 alice bob :is a bot on Hubbub", "* bob is a bot"),
        (":gw 338 alice bob b@host 127.0.0.1 :Is actually using host", "* bob comes from b@host 127.0.0.1"),
        (":gw 671 alice bob :is using a secure connection", "* bob uses an encrypted connection"),
        (":gw 318 alice bob :End of /WHOIS list", None),
        (":gw 322 alice #a 1 :What it is about", "* #a: 1 person, What it is about"),
        (":gw 323 alice :End of /LIST", "* end of the list of rooms"),
        (":gw 348 alice #a *!*@host op!u@h 0", "* exception from the bans of #a: *!*@host (by op, "),
        (":gw 221 alice +", "* you have no modes"),
        (":gw 364 alice gw2 gw2 :0 gateway x", "* gw2 is a gateway of the network"),
        (":gw 401 alice bob :No such nick/channel", "* there is nobody called bob"),
        (":gw 404 alice #a :Cannot send to channel (+m)", "* you cannot send to #a: only voiced members may"),
        (":gw 461 alice KICK :Not enough parameters", "* KICK needs more parameters (Not enough parameters)"),
        (":gw 473 alice #a :Cannot join channel (+i)", "* you cannot join #a: nobody has invited you"),
        (":gw 482 alice #a :You're not channel operator", "* only operators of #a may do that"),
        (":gw 491 alice :No operators", "* this network has no operators"),
        (":gw 696 alice #a k a,b :Invalid key", "* a,b is not a valid value for the mode k of #a (Invalid key)"),
    ],
)
def test_by_example(line: str, text: str | None) -> None:
    said = shown(line)
    assert said == text if text is None else said is not None and said.startswith(text)


def test_a_line_that_lacks_what_its_sentence_needs_is_shown_as_it_is() -> None:
    assert shown(":gw 311 alice bob") == "* bob"


def test_why_a_message_was_not_delivered_is_a_sentence() -> None:
    assert reason(Message("401", ["alice", "bob", "No such nick/channel"])) == "there is nobody called bob"
    assert reason(Message("404", ["alice", "#a", "Cannot send to channel (+n)"])) == "you are not in that room"
    assert reason(Message("404", ["alice", "#a", "Cannot send to channel"])) == "Cannot send to channel"
    assert reason(Message("FAIL", ["PRIVMSG", "TOO_LONG", "too long"])) == "too long"
