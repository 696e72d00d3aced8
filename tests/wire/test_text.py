"""The plain-text dialect: input and output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.message import Message, parse
from gateway.wire.text import _RENDERERS, HELP, render, strip_controls, to_message, to_name


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("hello all", Message("PRIVMSG", ["#lobby", "hello all"])),
        ("  indented", Message("PRIVMSG", ["#lobby", "  indented"])),
        ("//etc", Message("PRIVMSG", ["#lobby", "/etc"])),
        ("\x1b[Ahello\x07", Message("PRIVMSG", ["#lobby", "hello"])),  # an arrow key in netcat
        ("/nick bob", Message("NICK", ["bob"])),
        ("/NICK bob", Message("NICK", ["bob"])),
        ("/join #room", Message("JOIN", ["#room"])),
        ("/join room", Message("JOIN", ["#room"])),
        ("/part", Message("PART", ["#lobby"])),
        ("/part room", Message("PART", ["#room"])),
        ("/msg bob  hello  there", Message("PRIVMSG", ["bob", "hello  there"])),
        ("/who", Message("NAMES", ["#lobby"])),
        ("/who room", Message("NAMES", ["#room"])),
        ("/list", Message("LIST")),
        ("/list  tea ", Message("LIST", ["*tea*"])),
        ("/list *tea", Message("LIST", ["*tea"])),
        ("/topic", Message("TOPIC", ["#lobby"])),
        ("/topic tea at five", Message("TOPIC", ["#lobby", "tea at five"])),
        ("/me waves", Message("PRIVMSG", ["#lobby", "\x01ACTION waves\x01"])),
        ("/quit", Message("QUIT")),
        ("/quit good night", Message("QUIT", ["good night"])),
        ("", None),
        ("   ", None),
        ("\x07", None),
    ],
)
def test_what_is_typed_becomes_a_message(typed: str, message: Message | None) -> None:
    assert to_message(typed, "#lobby") == message


@pytest.mark.parametrize("typed", ["/nick", "/join", "/msg", "/msg bob", "/me", "/msg bob  ", "/msg :bob hi"])
def test_a_command_without_its_parts_shows_its_usage(typed: str) -> None:
    shown = to_message(typed, "#lobby")
    assert isinstance(shown, str)
    assert shown.startswith(f"Usage: {typed.split(maxsplit=1)[0]}")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("bob", Message("NICK", ["bob"])),
        ("  bob ", Message("NICK", ["bob"])),
        ("/nick bob", Message("NICK", ["bob"])),
        ("/quit", Message("QUIT")),
        ("/help", HELP),
        ("/nick", "Usage: /nick NAME"),
        ("   ", None),
    ],
)
def test_the_first_line_is_the_name(typed: str, message: Message | str | None) -> None:
    assert to_name(typed) == message


@pytest.mark.parametrize(
    ("typed", "suggested"), [("bob smith", "bobsmith"), ("Jörg", "Jorg"), ("7up", "_7up"), ("/join #tea", "join")]
)
def test_a_name_that_cannot_be_gets_a_suggestion(typed: str, suggested: str) -> None:
    shown = to_name(typed)
    assert isinstance(shown, str)
    assert f"How about {suggested}" in shown


@pytest.mark.parametrize("typed", ["hello", "/me waves", "/part", "/who", "/topic", "/topic tea"])
def test_in_no_room_there_is_a_hint(typed: str) -> None:
    assert isinstance(to_message(typed, ""), str)


def test_help_names_every_command() -> None:
    assert to_message("/help", "#lobby") == HELP
    assert all(f"/{word} " in HELP for word in ["nick", "join", "list", "part", "topic", "msg", "who", "me", "quit"])
    assert to_message("/dance", "#lobby") == "There is no command /dance. Try /help."


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":ann!a@h PRIVMSG #lobby :hi", "ann: hi"),
        (":ann!a@h PRIVMSG #other :hi", "[#other] ann: hi"),
        (":ann!a@h PRIVMSG bob :hi", "ann (to you): hi"),
        (":ann!a@h PRIVMSG #lobby :\x01ACTION waves\x01", "* ann waves"),
        (":ann!a@h PRIVMSG bob :\x01VERSION\x01", None),
        (":ann!a@h PRIVMSG #lobby :\x02bold\x0f \x0304,01red\x03 \x1b[31mx\x07", "ann: bold red x"),
        (":irc.example NOTICE bob :maintenance", "* maintenance"),
        (":ann!a@h NOTICE #lobby :beep", "ann: beep"),
        (":ann!a@h JOIN #lobby", "* ann joined #lobby"),
        (":bob!b@h JOIN #lobby", "* you joined #lobby"),
        (":ann!a@h PART #lobby :bye", "* ann left #lobby (bye)"),
        (":bob!b@h PART #lobby", "* you left #lobby"),
        (":ann!a@h QUIT :Quit: bye", "* ann is gone (Quit: bye)"),
        (":ann!a@h NICK anna", "* ann is now anna"),
        (":old!b@h NICK bob", "* you are now bob"),
        (":bob!b@h NICK new", "* you are now new"),
        (":ann!a@h KICK #lobby bob :rude", "* ann kicked you out of #lobby (rude)"),
        (":ann!a@h KICK #lobby eve", "* ann kicked eve out of #lobby"),
        (":ann!a@h TOPIC #lobby :tea", "* ann set the topic of #lobby: tea"),
        (":ann!a@h TOPIC #lobby :", "* ann removed the topic of #lobby"),
        (":ann!a@h MODE #lobby +o eve", "* ann set +o eve on #lobby"),
        (":bob MODE bob +i", None),
        (":ann!a@h INVITE bob #tea", "* ann invites you: /join #tea"),
        ("ERROR :Closing link: Quit: bye", "* Disconnected: Quit: bye. Press Enter to end this program."),
        ("FAIL PRIVMSG UNAVAILABLE #lobby :Not sent", "* Not sent"),
        (":s 001 bob :Welcome to Hubbub", "* Welcome, bob. Type a line to send it; /help lists the commands."),
        (":s 005 bob NICKLEN=30 :are supported", None),
        (":s 353 bob = #lobby :@ann bob", "* in #lobby: @ann bob"),
        (":s 366 bob #lobby :End of /NAMES list", None),
        (":s 321 bob Channel :Users  Name", None),
        (":s 322 bob #tea 1 :", "* #tea (1)"),
        (":s 322 bob #tea 12 :at five", "* #tea (12): at five"),
        (":s 323 bob :End of /LIST", "* end of the list"),
        (":s 331 bob #lobby :No topic is set", "* #lobby has no topic"),
        (":s 333 bob #lobby ann 1700000000", None),
        (":s 332 bob #lobby :tea", "* topic of #lobby: tea"),
        (":s 301 bob ann :lunch", "* ann is away: lunch"),
        (":s 404 bob #tea :Cannot send to channel", "* #tea: Cannot send to channel"),
        (":s 422 bob :MOTD File is missing", None),
        (":s 433 * ann :Nickname is already in use", "* ann is taken. How about ann2?"),
        (":s 433 * ann9 :Nickname is already in use", "* ann9 is taken. How about ann10?"),
        (":s PONG s x", None),
        ("@a=b :ann!a@h TAGMSG #lobby", None),
    ],
)
def test_what_is_sent_becomes_a_line_to_read(line: str, shown: str | None) -> None:
    message = parse(line)
    assert message is not None
    assert render(message, "bob", "#lobby") == shown


def test_without_a_current_room_no_room_is_named() -> None:
    assert render(Message("PRIVMSG", ["#other", "hi"], "ann!a@h"), "bob") == "ann: hi"


_ANY = st.text(max_size=12)
_VERBS = [*_RENDERERS, "401", "FOO"]


@given(
    st.sampled_from(_VERBS),
    st.lists(_ANY | st.just("\x01ACTION "), max_size=4),
    st.none() | _ANY,
)
def test_rendering_never_raises_and_shows_no_control_character(
    verb: str, params: list[str], source: str | None
) -> None:
    shown = render(Message(verb, params, source), "bob", "#lobby")
    assert shown is None or strip_controls(shown) == shown


@pytest.mark.parametrize(
    "turning", [chr(code) for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
)
def test_no_text_turns_what_stands_around_it(turning: str) -> None:
    """UAX 9 explicit formatting, and Unicode's own line ends: a message must not look like another's."""
    assert render(Message("PRIVMSG", ["#lobby", f"a{turning}b"], "ann!a@h"), "bob", "#lobby") == "ann: ab"
    assert to_message(f"a{turning}b", "#lobby") == Message("PRIVMSG", ["#lobby", "ab"])


def test_text_from_right_to_left_stays_as_it_is() -> None:
    for text in (
        "\u05e9\u05dc\u05d5\u05dd, bob",
        "\u0645\u0631\u062d\u0628\u0627\u200f!",
        "\U0001f469\u200dx",
    ):
        assert strip_controls(text) == text


def test_a_taken_name_of_many_digits_gets_a_suggestion_too() -> None:
    """Another server may send anything. Python parses no number of more than 4300 digits."""
    shown = render(Message("433", ["*", "bob" + "9" * 5000, "in use"]), "bob", "")
    assert shown is not None
    assert shown.endswith("How about bob1000000000?")
