"""The names of all keys and channels in Redis (docs/protocol.md, "The log").

The keys of a log share a hash tag, and so a slot in a cluster. A log is named by its room's casefolded name (``#room``)
or by a lane's inbox (``@gateway.lane``).
"""


class Keys:
    """Key names under one prefix. Networks with different prefixes may share a Redis."""

    __slots__ = ("beat", "gateways", "prefix", "reapable", "reaping", "rooms", "secrets", "stats")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.gateways = f"{prefix}gateways"
        self.reapable = f"{prefix}reapable"
        """Set: ids of lanes that have records for a reaper, also after the end of their gateway."""
        self.reaping = f"{prefix}reaping"
        """Hash: id of a gateway that is being reaped -> end of the reservation in ms."""
        self.beat = f"{prefix}beat"
        self.rooms = f"{prefix}rooms"
        self.stats = f"{prefix}stats"
        self.secrets = f"{prefix}secrets"

    def log(self, name: str) -> str:
        return f"{self.prefix}{{{name}}}:log"

    def head(self, name: str) -> str:
        return f"{self.prefix}{{{name}}}:head"

    def base(self, name: str) -> str:
        return f"{self.prefix}{{{name}}}:base"

    def rejected(self, name: str) -> str:
        return f"{self.prefix}{{{name}}}:rejected"

    def live(self, name: str) -> str:
        """The channel on which a log's entries are published when they are appended."""
        return f"{self.prefix}{{{name}}}:live"

    def probe(self, lane: str) -> str:
        """The channel of a lane's link probe."""
        return f"{self.prefix}{{{inbox(lane)}}}:probe"

    def nick(self, folded: str) -> str:
        return f"{self.prefix}{{nick:{folded}}}"

    def nick_live(self, folded: str) -> str:
        """The channel on which a nick's profile is published when it changes; "" when the nick is released."""
        return f"{self.nick(folded)}:live"

    def whowas(self, folded: str) -> str:
        return f"{self.prefix}{{whowas:{folded}}}"

    def gateway_info(self, gateway: str) -> str:
        return f"{self.prefix}{{gw:{gateway}}}:info"

    def lane_rooms(self, lane: str) -> str:
        """Set for the reaper: the rooms that lane ``<gateway>.<n>`` follows."""
        gateway, _, number = lane.partition(".")
        return f"{self.prefix}{{gw:{gateway}}}:rooms:{number}"

    def lane_nicks(self, lane: str) -> str:
        """Set for the reaper: the casefolded nicks that sessions of lane ``<gateway>.<n>`` may hold."""
        gateway, _, number = lane.partition(".")
        return f"{self.prefix}{{gw:{gateway}}}:nicks:{number}"


def inbox(lane: str) -> str:
    """The log name of a lane's inbox; ``lane`` is ``<gateway>.<n>``."""
    return f"@{lane}"
