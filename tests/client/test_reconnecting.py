"""With any loss of connections, each message is shown once and in order, and arrives once and in order.

This includes a gateway that dies between its append and the echo, and an append that happens only after the client has
sent the message again over another gateway.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.fake_gateway import ALL_CAPS, FakeNetwork
from tests.client.talk import Talk

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


def _step(talk: Talk, network: FakeNetwork, number: int, step: tuple[object, ...]) -> None:
    match step:
        case ("say",):
            talk.say(f"mine {number}")
        case ("others say",):
            network.say("bob", "#lobby", f"of bob {number}")
        case ("carry up",):
            talk.carry_up()
        case ("carry down", int(lines)):
            talk.carry_down(lines)
        case ("run",):
            talk.run()
        case ("the gateway stalls",):
            assert talk.connection is not None
            # Without ids nobody can detect that a late append was sent again meanwhile.
            talk.connection.is_stalled = "message-tags" in network.caps
        case ("what is under way happens",):
            assert talk.connection is not None
            talk.connection.is_stalled = False
            network.release()
        case ("cut",):
            talk.cut()
            talk.connect()
        case ("cut, and the name is held",):
            talk.cut(leaves_ghost=True)
            talk.connect()
        case ("the name is let go",):
            network.orphaned_nicks.clear()
        case ("time", float(seconds)):
            talk.pass_time(seconds)


@settings(max_examples=300, deadline=None)
@given(st.lists(_STEPS, max_size=60), _CAPS)
def test_all_is_shown_and_delivered_once_and_in_order(steps: list[tuple[object, ...]], caps: str) -> None:
    network = FakeNetwork(caps=caps, page=3)
    talk = Talk(network).start()
    for number, step in enumerate(steps):
        _step(talk, network, number, step)
    network.orphaned_nicks.clear()
    _step(talk, network, 0, ("what is under way happens",))
    talk.run()
    for _ in range(5):
        talk.pass_time(4)
        talk.run()

    said = network.texts("#lobby")
    own = [text for text in said if text.startswith("mine")]
    assert talk.heard() == said
    assert own == [f"mine {number}" for number, step in enumerate(steps) if step == ("say",)]
    assert not talk.undelivered()
    assert talk.session.is_settled
    assert talk.session.naming.current == "alice"
