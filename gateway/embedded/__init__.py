"""The server that a gateway starts when it is given no Redis: `EmbeddedServer` in server.py."""
