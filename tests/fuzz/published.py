"""Target: a lane whose Redis contains and publishes data that no gateway would write.

Redis is trusted, but one broken key must not stop the lane. Unreadable data is left out or reported in the log, and no
exception escapes. Three clients are in the room. They must be sent whole lines.
"""

from structlog.testing import capture_logs

from gateway.broker.keys import Keys, inbox
from tests.fuzz.choices import Choices
from tests.fuzz.lanes import Bystander, Reader, World
from tests.simulation.server import Connection

_KEYS = Keys("f:")
_LOGS = ("#lobby", inbox("abc.0"), "#tea")
_LINES = (
    b":n!u@h PRIVMSG #lobby :x", b":n!u@h PRIVMSG", b":n!u@h JOIN #lobby", b"KILL", b":o!u@h KILL bob :x",
    b"INVITE bob", b":n!u@h INVITE bob #x", b"QUERY", b"QUERY abc.0.q0 1", b"REPLY abc.0.q0 :{}",
    b"REPLY abc.0.q0 :[", b"WALLOPS", b"GONE", b"GONE abc", b":n!u@h PRIVMSG bob :x", b":n!u@h NOTICE bob",
    b"TAGMSG", b":n 001 bob :x", b"QUIT", b"MODE #lobby",
)  # fmt: skip
_ERRORS = {"base_unreadable"}
"""The log events that may occur. A fault is not one of them."""


def published(data: bytes) -> None:
    """Run the target."""
    choices = Choices(data)
    with capture_logs() as logged:
        world = World()
        bob = Bystander(world, "bob", of="anything")
        here = (bob, Bystander(world, "carl", "server-time", of="anything"), Reader(world))
        bob.say("JOIN #tea")
        world.turn(10)
        for _ in range(60):
            if not choices:
                break
            _act(world, choices)
            world.turn(3)
            for one in here:
                one.take()
    assert {event["event"] for event in logged if event["log_level"] == "error"} <= _ERRORS


def _act(world: World, choices: Choices) -> None:
    store, log = world.redis.store, choices.pick(_LOGS)
    log_key, head, base = (make(log).encode() for make in (_KEYS.log, _KEYS.head, _KEYS.base))
    epoch, last = (word or b"" for word in store.hmget(head, b"epoch", b"last"))
    kind = choices.below(8)
    if kind == 0:
        _publish(world, log, choices.chunk())
    elif kind in (1, 2):
        here = b"%d-0" % (world.redis.store.now_us // 1000 + choices.below(3))
        origin = choices.pick((b"abc.0:99", b"def.0:1", b"def.0:2", b"", b":", b"\xff:9"))
        _publish(world, log, b"%s %s %s %s\n%s" % (here, last, epoch, origin, _payload(choices)))
    elif kind in (3, 4):
        origin = b"def.0:%d" % choices.below(200)
        store.hset(head, b"last", store.xadd(log_key, b"*", b"o", origin, b"e", _payload(choices)))
    elif kind == 5:
        text = choices.pick((b"", b"[" * 5000)) + choices.chunk()
        store.set(base, b"1 e 1-0\n" + text)
        store.hset(head, b"epoch", choices.pick((epoch, b"other:1:0-0", b"\xff:2:0-0")))
    elif kind == 6:
        store.hset(head, b"epoch", choices.chunk().replace(b":", b"") + b":%d:0-0" % choices.below(9))
    else:
        world.time_s += choices.pick((0.5, 4.0, 31.0))


def _publish(world: World, log: str, payload: bytes) -> None:
    world.redis._do_publish(Connection(0), _KEYS.live(log).encode(), payload)


def _payload(choices: Choices) -> bytes:
    if not choices.below(4):
        return choices.chunk()
    sid = choices.pick((b"abc.0.0", b"def.0.1", b"-", b"x"))
    tags = choices.pick((b"", b"@hubbub/to=abc.0.0 ", b"@hubbub/token=1;hubbub/seen=9-0 "))
    return sid + b"\r\n" + tags + choices.pick(_LINES) + choices.pick((b"", choices.take(3))) + b"\r\n"
