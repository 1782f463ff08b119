"""``python -m tests.gateway.web.helped SOCKET WORD…``: linky-gateway whose helper is at that socket."""

import sys
from pathlib import Path

from gateway.commands.main import main
from gateway.upkeep.helper import client

if __name__ == "__main__":
    client.SOCKET = Path(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
