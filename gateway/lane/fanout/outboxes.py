"""Writing the same bytes to many clients: the innermost loop of the network. Runs on the lane's thread."""

from collections.abc import Collection, Mapping

from gateway.net.connection import ClientConnection


class Outboxes:
    """The bytes for the lane's clients until the end of the turn, when all connections in ``touched`` are flushed."""

    def __init__(self, touched: list[ClientConnection]) -> None:
        self._touched = touched
        self.delivered = 0

    def write(
        self,
        audience: Collection[ClientConnection],
        data: bytes,
        copies: Mapping[ClientConnection, bytes] | None = None,
    ) -> None:
        """Write the same bytes object to all, except for connections that have a copy of their own."""
        touch = self._touched.append
        for connection in audience:
            mine = data if copies is None else copies.get(connection, data)
            if mine:
                out = connection.out
                if not out:
                    touch(connection)
                out.append(mine)
        self.delivered += len(audience)
