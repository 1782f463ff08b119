"""``tools/os-list``."""

import sys

from os_list.entries import main

if __name__ == "__main__":
    sys.exit(main())
