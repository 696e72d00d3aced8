"""RPL_ISUPPORT (Modern IRC "RPL_ISUPPORT Parameters")."""

from gateway.chat.isupport import isupport_tokens
from gateway.chat.modes import parse, takes_param


def _values(network: str = "Hubbub") -> dict[str, str]:
    return dict(token.partition("=")[::2] for token in isupport_tokens(network))


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
    assert not any(" " in token or token.startswith(":") for token in isupport_tokens("My Net"))


def test_mode_classes_take_the_parameters_that_they_promise() -> None:
    lists, key, limit, flags = _values()["CHANMODES"].split(",")
    ranks = _values()["PREFIX"].partition(")")[0][1:]
    both = {letter for letter in lists + key + ranks + limit + flags if takes_param(letter, adding=False)}
    adding = {letter for letter in lists + key + ranks + limit + flags if takes_param(letter, adding=True)}
    assert both == set(lists + key + ranks)
    assert adding == both | set(limit)
    assert [change.param for change in parse("+i-l", ["x"])] == [None, None]
