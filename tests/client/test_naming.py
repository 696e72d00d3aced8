"""Which nick is requested, and when a nick that was ours is requested again."""

from client.naming import ASK_AGAIN_S, GIVE_UP_AFTER_S, REFUSALS_LIMIT, Naming


def naming(nick: str = "alice") -> Naming:
    suffixes = iter(range(1, 100))
    return Naming(nick, lambda: f"{next(suffixes):03}")


def test_a_nick_in_use_is_replaced_by_similar_ones_until_the_limit() -> None:
    mine = naming()
    assert mine.begin() == "alice"
    tried = [mine.refused() for _ in range(REFUSALS_LIMIT + 1)]
    assert tried[:2] == ["alice_001", "alice_002"]
    assert tried[-1] is None


def test_a_new_user_keeps_the_nick_that_they_got() -> None:
    mine = naming()
    mine.registered("alice_001", 0.0)
    assert not mine.is_reclaiming
    assert mine.begin() == "alice_001"
    assert mine.due(1000.0) is None


def test_a_nick_that_was_ours_is_requested_again_until_it_is_given_up() -> None:
    mine = naming()
    mine.registered("alice", 0.0)
    mine.begin()
    mine.registered("alice_001", 100.0)
    assert mine.is_reclaiming
    assert mine.due(100.0 + ASK_AGAIN_S - 0.1) is None
    assert mine.due(100.0 + ASK_AGAIN_S) == "alice"
    assert not mine.still_taken(100.0 + ASK_AGAIN_S)
    assert mine.still_taken(100.0 + GIVE_UP_AFTER_S)
    assert not mine.is_reclaiming
    assert mine.wanted == "alice_001"


def test_a_nick_that_the_user_requests_is_ours_from_then_on_and_one_that_is_forced_is_not() -> None:
    mine = naming()
    mine.registered("alice", 0.0)
    mine.renamed("jhifoh00001")
    assert (mine.current, mine.wanted) == ("jhifoh00001", "alice")
    mine.typed("Alicia")
    mine.renamed("Alicia")
    assert (mine.current, mine.wanted) == ("Alicia", "Alicia")
    assert mine.is_mine("ALICIA")
    assert [mine.was_mine(nick) for nick in ("alice", "jhifoh00001", "bob")] == [True, True, False]
