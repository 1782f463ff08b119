"""Being nobody for a moment, where the tests run as root."""

import contextlib
import os

NOBODY = 65534


@contextlib.contextmanager
def without_rights():
    """Root may open everything; nobody may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
