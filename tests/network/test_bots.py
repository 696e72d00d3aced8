"""IRCv3 bot-mode: lines of a user with +B have the tag `bot` on every gateway, for readers with message-tags."""

import pytest

from tests.network.conftest import Visit
from tests.network.harness import Network

TAGS = "message-tags batch draft/multiline echo-message"


def tags(line: str) -> list[str]:
    return line.partition(" ")[0][1:].split(";") if line.startswith("@") else []


def are_of_bot(lines: list[str]) -> list[bool]:
    """Return for each line of a user whether it has the tag."""
    return ["bot" in tags(line) for line in lines if "!" in line.partition(" :")[0] or "!" in line.split(" ")[1]]


@pytest.mark.parametrize("order", ["before the JOIN", "as a member"])
def test_all_that_a_bot_does_in_a_room_has_the_tag(visit: Visit, order: str) -> None:
    """IRCv3 bot-mode, "The bot tag": on all commands of a bot, without a value, only with message-tags."""
    reader, plain = visit(1, "reader", TAGS, "#bots"), visit(1, "plain", "", "#bots")
    bot = visit(0, "bot", TAGS)
    if order == "before the JOIN":
        bot.do("MODE bot +B", "JOIN #bots")
        assert are_of_bot(reader.sync()) == [False, True]  # the JOIN of "plain" came before
    else:
        bot.do("JOIN #bots", "MODE bot +B")
        reader.sync()
    plain.sync()
    echoes = bot.do("PRIVMSG #bots :one", "NOTICE #bots :two", "@+x=y TAGMSG #bots")
    bot.do("BATCH +1 draft/multiline #bots", "@batch=1 PRIVMSG #bots :a", "@batch=1 PRIVMSG #bots :b", "BATCH -1")
    bot.do("PART #bots", "JOIN #bots")
    bot.do("@+typing=active TAGMSG #bots")
    assert all(are_of_bot(echoes))
    heard = reader.sync()
    assert [line.split(" ")[2] for line in heard if "bot" in tags(line)] == [
        *("PRIVMSG", "NOTICE", "TAGMSG", "BATCH", "PART", "JOIN", "TAGMSG")
    ]
    assert not any(line.startswith("@") for line in plain.sync())


def test_a_user_that_is_no_bot_any_more_has_no_tag(visit: Visit) -> None:
    """IRCv3 bot-mode: the mode decides, at once and everywhere; others' lines never have the tag."""
    reader, bot = visit(1, "reader", TAGS, "#was"), visit(0, "bot", "", "#was")
    bot.do("MODE bot +B", "PRIVMSG #was :as a bot", "MODE bot -B", "PRIVMSG #was :as a person")
    heard = [line for line in reader.sync() if "bot!" in line]
    assert are_of_bot(heard) == [False, True, False]  # its JOIN is the first
    assert not any(" BOT " in line for line in heard), "no client is shown how gateways tell each other"


def test_direct_messages_and_invitations_of_a_bot_have_the_tag(visit: Visit) -> None:
    """IRCv3 bot-mode. The two share no room, so only the message itself can contain the tag."""
    bot, reader, plain = visit(0, "bot", TAGS, "#own"), visit(1, "reader", TAGS), visit(1, "plain")
    bot.do("MODE bot +B")
    echo = bot.do("PRIVMSG reader :hi", "NOTICE plain :hi")
    bot.do("@+typing=active TAGMSG reader", "INVITE reader #own")
    heard = reader.sync()
    assert [line.split(" ")[2] for line in heard if "bot" in tags(line)] == ["PRIVMSG", "TAGMSG", "INVITE"]
    assert all(are_of_bot(echo))
    assert not any(line.startswith("@") for line in plain.sync())


def test_a_bot_speaks_from_outside(visit: Visit) -> None:
    """IRCv3 bot-mode, for a room without +n; its own echo and the history have the tag as well."""
    reader = visit(1, "reader", f"{TAGS} draft/chathistory", "#open")
    reader.do("MODE #open -n")
    bot = visit(0, "bot", TAGS)
    bot.do("MODE bot +B")
    assert are_of_bot(bot.do("PRIVMSG #open :from outside")) == [True]
    assert are_of_bot([line for line in reader.sync() if " PRIVMSG " in line]) == [True]
    assert are_of_bot([line for line in reader.do("CHATHISTORY LATEST #open * 5") if " PRIVMSG " in line]) == [True]


def test_history_knows_a_bot_that_is_still_there(visit: Visit) -> None:
    """IRCv3 bot-mode, chathistory: in a room while it is a member, in direct messages always."""
    reader = visit(1, "reader", f"{TAGS} draft/chathistory", "#past")
    bot = visit(0, "bot", "", "#past")
    bot.do("MODE bot +B", "PRIVMSG #past :beep", "PRIVMSG reader :psst")
    reader.do("PRIVMSG #past :hello")
    room, direct = (reader.do(f"CHATHISTORY LATEST {target} * 5") for target in ("#past", "bot"))
    assert are_of_bot([line for line in room if " PRIVMSG " in line]) == [True, False]
    assert are_of_bot([line for line in direct if " PRIVMSG " in line]) == [True]


def test_a_gateway_that_comes_later_knows_who_is_a_bot(network: Network) -> None:
    """IRCv3 bot-mode: the log of the room contains it, for a gateway that reads it from its beginning."""
    bot = network.peer(network.gateway(), "bot", "", "#later")
    bot.do("MODE bot +B")
    reader = network.peer(network.gateway(), "reader", TAGS, "#later")
    bot.do("PRIVMSG #later :beep")
    assert are_of_bot([line for line in reader.sync() if " PRIVMSG " in line]) == [True]
