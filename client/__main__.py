"""`python -m client` is the command `hubbub`."""

from client.cli import main

main(prog_name="hubbub")
