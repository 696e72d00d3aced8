"""Completions of nicks, rooms, commands and emoji, and the texts entered before."""

from client.commands import commands_like
from client.ui.completion import Names, complete, help_for, is_shown_while_typing
from client.ui.input_history import ENTRIES_LIMIT, InputHistory
from client.ui.palette import rank_of

NAMES = Names(nicks=["alice", "Alan", "bob"], rooms=["#lobby", "#Library"], commands=commands_like)


def texts(line: str) -> list[str]:
    completion = complete(line, NAMES)
    return [offer.text for offer in completion.offers] if completion else []


def test_a_nick_at_the_beginning_of_a_line_gets_a_colon() -> None:
    assert texts("AL") == ["alice: ", "Alan: "]
    assert texts("hello al") == ["alice ", "Alan "]


def test_rooms_commands_and_emoji_are_completed() -> None:
    assert texts("see #li") == ["#Library "]
    assert texts("/na") == ["/names "]
    assert "🎉" in "".join(texts("hi :tada"))
    assert texts("nothing like zzz") == []


def test_only_commands_and_emoji_are_shown_while_typing() -> None:
    assert [is_shown_while_typing(line) for line in ("/na", "hi :ta", "hello al")] == [True, True, False]
    assert help_for("/names ", NAMES) is not None
    assert help_for("/na", NAMES) is None


def test_earlier_texts_come_back_and_the_draft_stays() -> None:
    history = InputHistory()
    for text in ("one", "two", "two"):
        history.add(text)
    assert history.step(1, "draft") == "two"
    assert history.step(1, "two") == "one"
    assert history.step(1, "one") is None
    assert history.step(-1, "one") == "two"
    assert history.step(-1, "two") == "draft"
    assert history.step(-1, "draft") is None
    for number in range(ENTRIES_LIMIT + 5):
        history.add(str(number))
    assert history.step(1, "") == str(ENTRIES_LIMIT + 4)


def test_a_title_ranks_by_how_close_its_letters_are_together() -> None:
    ranks = [rank_of("lob", title) for title in ("#lobby", "#my-lobby", "#l-o-b", "#bol")]
    assert None not in ranks[:3]
    assert ranks[3] is None
    assert ranks[0] is not None
    assert ranks[2] is not None
    assert ranks[0] < ranks[2]
