"""RPL_ISUPPORT (Modern IRC "RPL_ISUPPORT Parameters")."""

from gateway.chat.isupport import isupport_lines, isupport_tokens
from gateway.chat.modes import parse, takes_param


def _values(network: str = "Hubbub", lobby: str = "#lobby") -> dict[str, str]:
    return dict(token.partition("=")[::2] for token in isupport_tokens(network, lobby))


def test_the_tokens_are_those_of_this_server() -> None:
    values = _values()
    assert values["CASEMAPPING"] == "ascii"
    assert values["CHANMODES"] == "beI,k,l,imnst"
    assert values["MAXLIST"] == "b:100,e:100,I:100"
    assert (values["CHANNELLEN"], values["NICKLEN"]) == ("64", "30")
    assert values["UTF8ONLY"] == values["SAFELIST"] == ""
    assert list(values) == sorted(values)


def test_a_token_is_one_word_of_a_line() -> None:
    assert _values("My = Net\\")["NETWORK"] == r"My\x20\x3D\x20Net\x5C"
    assert _values(lobby="#a=b\\")["hubbub/LOBBY"] == r"#a\x3Db\x5C"
    assert not any(" " in token or token.startswith(":") for token in isupport_tokens("My Net", "#lobby"))


def test_lines_hold_13_tokens_and_are_never_cut() -> None:
    """RFC 2812 2.3: 512 bytes and 15 parameters."""
    tokens = isupport_tokens("N" * 63, "#" + "\N{WAVING HAND SIGN}" * 63)
    lines = isupport_lines(tokens)
    assert [token for line in lines for token in line.split(" ")] == tokens
    assert max(len(line.split(" ")) for line in lines) == 13
    start = f":{'s' * 63} 005 {'n' * 30} "
    assert all(len(f"{start}{line} :are supported by this server\r\n".encode()) <= 512 for line in lines)


def test_mode_classes_take_the_parameters_that_they_promise() -> None:
    lists, key, limit, flags = _values()["CHANMODES"].split(",")
    ranks = _values()["PREFIX"].partition(")")[0][1:]
    both = {letter for letter in lists + key + ranks + limit + flags if takes_param(letter, adding=False)}
    adding = {letter for letter in lists + key + ranks + limit + flags if takes_param(letter, adding=True)}
    assert both == set(lists + key + ranks)
    assert adding == both | set(limit)
    assert [change.param for change in parse("+i-l", ["x"])] == [None, None]
