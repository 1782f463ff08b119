"""``python -m gateway``: the same as ``linky-gateway``."""

import sys

from gateway.commands.main import main

sys.exit(main())
