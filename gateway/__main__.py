"""`python -m gateway` is `hubbub-gateway`."""

from gateway.cli import main

main()
