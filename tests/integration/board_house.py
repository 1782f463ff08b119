"""``python -m tests.integration.board_house BROKER ETC WORD…``: the broker's files, and keys, are there."""

import sys
from pathlib import Path

from gateway.commands.main import main
from gateway.daemon.updates import HouseUpdates
from gateway.mqtt import credentials

if __name__ == "__main__":
    credentials.BROKER = Path(sys.argv[1])
    HouseUpdates.__init__.__kwdefaults__["etc"] = Path(sys.argv[2])
    sys.exit(main(sys.argv[3:]))
