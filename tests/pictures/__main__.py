"""Make the README's pictures from the running programs:

make pictures              all there are
python -m tests.pictures terminal
"""

import argparse
import tempfile
from importlib import import_module
from pathlib import Path
from subprocess import DEVNULL, Popen

from gateway.embedded.binary import find_server
from tests.conftest import await_server
from tests.network.harness import Network

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = ("terminal", "page")


def main() -> None:
    """Let each module `draw(network, directory)` its picture, each with a new network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", metavar="PICTURE", nargs="*", help=f"of {', '.join(PICTURES)}; default: all")
    wanted = parser.parse_args().pictures or PICTURES
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        socket_path = Path(directory, "server.sock")
        command = [
            str(find_server()),
            "--port",
            "0",
            "--unixsocket",
            str(socket_path),
            "--save",
            "",
            "--dir",
            directory,
        ]
        with Popen(command, stdout=DEVNULL) as server:
            try:
                await_server(socket_path, server)
                for name in wanted:
                    draw(name, f"unix://{socket_path}")
            finally:
                server.terminate()


def draw(name: str, redis_url: str) -> None:
    network = Network(redis_url, f"{name}:")
    try:
        import_module(f"tests.pictures.{name}").draw(network, DOCS)
    finally:
        network.close()


if __name__ == "__main__":
    main()
