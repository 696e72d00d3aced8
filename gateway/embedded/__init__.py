"""The Redis server that a gateway starts if no Redis URL is given: `EmbeddedServer` in server.py."""
