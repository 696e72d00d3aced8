"""The whole network as an operator starts it: Redis, three gateways and the load balancer in containers."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e import stack
from tests.e2e.chatters import ROOM, Address, Chatter, assert_all_heard_the_same, pump, talk

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

Connect = Callable[..., Chatter]


@pytest.fixture(scope="session", autouse=True)
def _stack() -> Iterator[None]:
    if reason := stack.why_there_is_no_engine():
        pytest.skip(reason)
    stack.up()
    yield
    stack.down()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Create chatters that are closed after the test."""
    made: list[Chatter] = []

    def one(address: Address, nick: str, *, echo: bool = True) -> Chatter:
        made.append(Chatter(address, nick, echo=echo))
        return made[-1]

    yield one
    for chatter in made:
        chatter.close()


@pytest.fixture
def chatters(connect: Connect) -> list[Chatter]:
    """Connect two to each gateway and two through the load balancer. All join before any talks."""
    doors = [
        ("one", stack.gateway(1)),
        ("two", stack.gateway(2)),
        ("three", stack.gateway(3)),
        ("any", stack.balancer()),
    ]
    made = [connect(address, f"{name}{number}") for name, address in doors for number in (1, 2)]
    for chatter in made:
        chatter.barrier()
    return made


def test_everybody_hears_everybody_in_one_order(chatters: list[Chatter], connect: Connect) -> None:
    quiet = connect(stack.balancer(), "quiet", echo=False)
    talk(chatters, 100)
    assert_all_heard_the_same(chatters)
    assert len(chatters[0].heard) == 100 * len(chatters)

    quiet.send(f"PRIVMSG {ROOM} :hello")
    pump(chatters, lambda: all(chatter.heard[-1] == ("quiet", "hello") for chatter in chatters))
    quiet.barrier()
    assert quiet.heard == chatters[0].heard[:-1]  # without echo-message a sender gets no copy


def test_a_gateway_killed_under_load_loses_nothing_acknowledged(chatters: list[Chatter], connect: Connect) -> None:
    victims, others = chatters[2:4], chatters[:2] + chatters[4:6]
    talk(chatters, 50)
    killing = stack.begin(*stack.kill_arguments(2))
    talk(chatters, 100, lambda: killing.poll() is not None and not any(victim.is_open for victim in victims))
    survivors = [chatter for chatter in chatters if chatter.is_open]
    assert set(others) <= set(survivors)

    assert_all_heard_the_same(survivors)
    heard = set(survivors[0].heard)
    for chatter in chatters:
        acknowledged = {(chatter.nick, str(number)) for number in range(chatter.acknowledged)}
        assert acknowledged <= heard, f"acknowledged to {chatter.nick} but lost: {acknowledged - heard}"

    names = {victim.nick for victim in victims}
    pump(survivors, lambda: all(names <= nicks_that_quit(chatter) for chatter in survivors))
    returned = connect(stack.await_gateway(2), victims[0].nick)
    returned.send(f"PRIVMSG {ROOM} :back")
    pump(
        [*survivors, returned],
        lambda: all(each.heard[-1:] == [(returned.nick, "back")] for each in [*survivors, returned]),
    )


def nicks_that_quit(chatter: Chatter) -> set[str]:
    return {line[1:].split("!")[0] for line in chatter.lines if line.split(" ")[1] == "QUIT"}


def test_redis_restarted_under_load_costs_no_message(chatters: list[Chatter]) -> None:
    talk(chatters, 50)
    restart = stack.begin("restart", "redis")
    talk(chatters, 100, lambda: restart.poll() is not None)
    assert restart.returncode == 0

    assert all(chatter.is_open for chatter in chatters)
    assert_all_heard_the_same(chatters)
    assert len(chatters[0].heard) == sum(chatter.sent for chatter in chatters)


def test_the_load_balancer_hides_no_address(connect: Connect) -> None:
    """PROXY protocol: WHOIS shows users their own address, not the load balancer's."""
    user = connect(stack.balancer(), "whoami")
    user.send("WHOIS whoami")
    user.await_line(" 318 ")
    shown = "\n".join(line for line in user.lines if line.split(" ")[1] in {"338", "378"})
    assert stack.address_of_host() in shown
    assert stack.address_of("haproxy") not in shown
