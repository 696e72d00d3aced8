"""Parse and format one IRC message (Modern IRC "Message Format", RFC 2812 2.3.1).

Owns the grammar of a line that is already framed and decoded. Knows no command. Pure; any thread.
"""

from dataclasses import dataclass, field

from gateway.wire.tags import format_tags, parse_tags

# The last parameter of these verbs, and of numerics, always gets a colon, since simple bots search for " :".
_TEXT_VERBS = frozenset(("PRIVMSG", "NOTICE", "QUIT", "KICK", "ERROR", "WALLOPS", "AWAY"))


@dataclass(slots=True)
class Message:
    """A message. `verb` is in upper case. Only the last of `params` may be empty, have spaces or begin with a colon."""

    verb: str
    params: list[str] = field(default_factory=list)
    source: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """Format the message as a line without CRLF, of any length."""
        head = f"@{format_tags(self.tags)} " if self.tags else ""
        if self.source is not None:
            head += f":{self.source} "
        if not self.params:
            return head + self.verb
        *middles, last = self.params
        if not last or last[0] == ":" or " " in last or self.verb in _TEXT_VERBS or self.verb.isdigit():
            last = ":" + last
        return head + " ".join((self.verb, *middles, last))


def parse(line: str) -> Message | None:
    """Parse a line without CRLF; None if it has no verb. Never raises.

    Any number of spaces may separate the parts, as Modern IRC requires of parsers.
    """
    tags: dict[str, str] = {}
    source = None
    if line[:1] in "@:":
        if line.startswith("@"):
            text, _, line = line[1:].partition(" ")
            tags = parse_tags(text)
            line = line.lstrip(" ")
        if line.startswith(":"):
            source, _, line = line[1:].partition(" ")
            line = line.lstrip(" ")
        if line.startswith(":"):
            return None
    head, colon, trailing = line.partition(" :")
    params = head.split(" ")
    if "" in params:
        params = [word for word in params if word]
        if not params:
            return None
    verb = params.pop(0)
    if colon:
        params.append(trailing)
    return Message(verb.upper(), params, source, tags)


def split_source(source: str) -> tuple[str, str, str]:
    """Split nick!user@host; missing parts are ""."""
    rest, _, host = source.partition("@")
    nick, _, user = rest.partition("!")
    return nick, user, host
