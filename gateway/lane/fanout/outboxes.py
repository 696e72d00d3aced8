"""The same bytes into the outboxes of many clients: the innermost loop of the network. Runs on the lane's thread."""

from collections.abc import Collection, Mapping

from gateway.net.connection import ClientConnection


class Outboxes:
    """What the lane's clients are sent until the turn ends, when all connections that were touched are flushed."""

    def __init__(self, touched: list[ClientConnection]) -> None:
        self._touched = touched
        self.delivered = 0

    def write(
        self,
        audience: Collection[ClientConnection],
        data: bytes,
        copies: Mapping[ClientConnection, bytes] | None = None,
    ) -> None:
        """Writes to all, the very same bytes but where a connection has a copy of its own."""
        touch = self._touched.append
        for connection in audience:
            mine = data if copies is None else copies.get(connection, data)
            if mine:
                out = connection.out
                if not out:
                    touch(connection)
                out.append(mine)
        self.delivered += len(audience)
