"""Readers in groups by variant, and the choice of some of them."""

from typing import Any

from gateway.chat.capabilities import AWAY_NOTIFY, SETNAME
from gateway.lane.clients.client import Client, Clients
from gateway.lane.fanout.audience import Group, split, those
from tests.stage.parts import Context, make_client


def group(variant: int, *caps: int) -> Group:
    """Clients of one variant with these capabilities."""
    context, clients = Context(), Clients()
    made: list[Client] = [make_client(context, clients, f"n{at}", caps=each)[0] for at, each in enumerate(caps)]
    return variant, {client.connection: client for client in made}


def shape(groups: Any) -> list[tuple[int, list[int]]]:
    return [(variant, [client.session.caps for client in audience.values()]) for variant, audience in groups]


def test_the_readers_that_fit_are_chosen_in_order_and_empty_groups_left_out() -> None:
    groups = [group(1, AWAY_NOTIFY, 0, AWAY_NOTIFY), group(2, 0)]
    assert shape(those(groups, lambda client: client.session.caps)) == [(1, [AWAY_NOTIFY, AWAY_NOTIFY])]
    assert shape(those(groups, lambda _client: False)) == []


def test_a_connection_leads_to_its_client() -> None:
    variant, audience = group(1, SETNAME, 0)
    ((_, chosen),) = those([(variant, audience)], lambda client: client.session.caps & SETNAME)
    assert all(audience[connection] is client for connection, client in chosen.items())


def test_a_split_has_every_reader_once() -> None:
    groups = [group(1, AWAY_NOTIFY, 0), group(2, AWAY_NOTIFY | SETNAME)]
    having, others = split(groups, AWAY_NOTIFY)
    assert shape(having) == [(1, [AWAY_NOTIFY]), (2, [AWAY_NOTIFY | SETNAME])]
    assert shape(others) == [(1, [0])]


def test_if_nobody_has_the_capability_all_are_the_others() -> None:
    """Also when the groups can be read only once."""
    groups = [group(1, SETNAME, 0)]
    having, others = split(iter(groups), AWAY_NOTIFY)
    assert having == []
    assert shape(others) == [(1, [SETNAME, 0])]
