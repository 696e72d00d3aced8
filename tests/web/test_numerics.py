"""Each numeric that a gateway knows is shown as a sentence or a card, never as it came."""

import pytest

from gateway.wire import numerics
from tests.web.node import evaluate, needs_node

ALL = sorted({value for name, value in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))})
_SHOWN = """
    const { Buffers } = await import("./buffers.js");
    const shown = {};
    for (const verb of it.all) {
        const session = new m.Session("anna", [], () => "id");
        const buffers = new Buffers();
        buffers.show(buffers.open("#r"));
        session.connected(1000);
        for (const line of [":s 001 anna :Welcome", ":s 376 anna :End", `:s ${verb} anna ${it.params}`]) {
            session.receive(line, 1000);
        }
        for (const event of session.takeEvents()) buffers.apply(event);
        shown[verb] = buffers.current.viewport.entries.map(({ text }) => text);
    }
    return shown;
"""


@needs_node
@pytest.mark.parametrize("params", ["#r b c d :Some words", "#r :Some words", "a b c 4 5 :Some words", ":Some words"])
def test_no_numeric_is_shown_raw(params: str) -> None:
    shown = evaluate("session.js", _SHOWN, {"all": ALL, "params": params})
    assert len(shown) == len(ALL)
    raw = params.replace(":", "")
    assert {verb: texts for verb, texts in shown.items() if raw != "Some words" and raw in texts} == {}
    assert {verb: texts for verb, texts in shown.items() if any("undefined" in text for text in texts)} == {}
