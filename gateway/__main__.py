"""``python -m gateway``: the same as ``linky-gateway``."""

import sys

from gateway.cli import main

sys.exit(main())
