"""With any loss of connections, each message is shown once and in order, and arrives once and in order.

This includes a gateway that dies between its append and the echo, and an append that happens only after the client has
sent the message again over another gateway.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.fake_gateway import ALL_CAPS, FakeNetwork
from tests.client.simulated_user import SimulatedUser

_STEPS = st.one_of(
    st.just(("say",)),
    st.just(("others say",)),
    st.just(("carry up",)),
    st.tuples(st.just("carry down"), st.integers(1, 8)),
    st.just(("run",)),
    st.just(("cut",)),
    st.just(("the gateway stalls",)),
    st.just(("what is under way happens",)),
    st.just(("cut, and the name is held",)),
    st.just(("the name is let go",)),
    st.tuples(st.just("time"), st.sampled_from([1.0, 4.0])),
)
_CAPS = st.sampled_from([ALL_CAPS, ALL_CAPS.replace("message-tags ", ""), ALL_CAPS.replace("labeled-response ", "")])


def _step(user: SimulatedUser, network: FakeNetwork, number: int, step: tuple[object, ...]) -> None:
    match step:
        case ("say",):
            user.say(f"mine {number}")
        case ("others say",):
            network.say("bob", "#lobby", f"of bob {number}")
        case ("carry up",):
            user.carry_up()
        case ("carry down", int(lines)):
            user.carry_down(lines)
        case ("run",):
            user.run()
        case ("the gateway stalls",):
            assert user.connection is not None
            # Without ids nobody can detect that a late append was sent again meanwhile.
            user.connection.is_stalled = "message-tags" in network.caps
        case ("what is under way happens",):
            assert user.connection is not None
            user.connection.is_stalled = False
            network.release()
        case ("cut",):
            user.cut()
            user.connect()
        case ("cut, and the name is held",):
            user.cut(leaves_ghost=True)
            user.connect()
        case ("the name is let go",):
            network.orphaned_nicks.clear()
        case ("time", float(seconds)):
            user.pass_time(seconds)


@settings(max_examples=300, deadline=None)
@given(st.lists(_STEPS, max_size=60), _CAPS)
def test_all_is_shown_and_delivered_once_and_in_order(steps: list[tuple[object, ...]], caps: str) -> None:
    network = FakeNetwork(caps=caps, page=3)
    user = SimulatedUser(network).start()
    for number, step in enumerate(steps):
        _step(user, network, number, step)
    network.orphaned_nicks.clear()
    _step(user, network, 0, ("what is under way happens",))
    user.run()
    for _ in range(5):
        user.pass_time(4)
        user.run()

    said = network.texts("#lobby")
    own = [text for text in said if text.startswith("mine")]
    assert user.heard() == said
    assert own == [f"mine {number}" for number, step in enumerate(steps) if step == ("say",)]
    assert not user.undelivered()
    assert user.session.is_settled
    assert user.session.naming.current == "alice"
