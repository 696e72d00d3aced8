"""What handlers learn of the network: its users, its rooms, its gateways. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What the network knows of the user who has a nick (the claim's hash in Redis)."""

    nick: str
    sid: str
    user: str
    host: str
    realname: str
    server: str
    signon_s: int
    away: str | None = None
    oper: str = ""
    account: str = ""
    invisible: bool = False
    is_bot: bool = False

    @property
    def source(self) -> str:
        return f"{self.nick}!{self.user}@{self.host}"


@dataclass(frozen=True, slots=True)
class RoomListing:
    """A room in the network's directory."""

    name: str
    members: int
    topic: str
    is_secret: bool


@dataclass(frozen=True, slots=True)
class GatewayCounts:
    """How many users a gateway has. ``unknown``: connections that are not registered yet.

    ``peak`` is the sum of the most users that each of its lanes ever had.
    """

    gateway: str
    name: str
    users: int
    invisible: int
    opers: int
    unknown: int
    peak: int


@dataclass(frozen=True, slots=True)
class Server:
    """What a gateway says of itself and of its network."""

    name: str
    network: str
    version: str
    lobby: str
    motd: tuple[str, ...]
    isupport: tuple[str, ...]
    """The tokens of each line of RPL_ISUPPORT."""
    password: str | None
    operators: dict[str, str]
    lease_s: float
    started_s: float
    """Seconds since 1970."""
    join_history_messages: int = 20
    """Messages shown on JOIN to a client that does not ask for history; 0: none."""
