"""The Lua scripts that read and write logs. The keys of each are those of one log, in one slot."""

from gateway.broker.scripts import read

APPEND = read("gateway.logs", "append", 2)
PAGE = read("gateway.logs", "page", 1)
RANGE = read("gateway.logs", "range", 3)
SNAPSHOT = read("gateway.logs", "snapshot", 4)
SEED = read("gateway.logs", "seed", 3)
EXPIRE = read("gateway.logs", "expire", 4)

SCRIPTS = (APPEND, EXPIRE, PAGE, RANGE, SEED, SNAPSHOT)
"""All of them, for the link to load."""
