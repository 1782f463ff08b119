"""``python -m gateway.display``: the same as ``linky-display``."""

import sys

from gateway.display.cli import main

sys.exit(main())
