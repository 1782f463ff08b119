"""``python -m gateway.store.recover DIRECTORY``: put into the database what its log holds (``redo``), and nothing else.

For an upgrade that a power cut ended: the former version may not know the log, and the readings in it are kept.
"""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from pathlib import Path

from gateway.errors import GatewayError
from gateway.store.connection import WriterLock
from gateway.store.store import Store


def main() -> int:
    """The process's entry: 0 when all of it is in the database, else a message to standard error."""
    logging.basicConfig(format="%(levelname)s %(message)s")
    directory = Path(sys.argv[1])
    try:
        lock = WriterLock(directory)
        try:
            with closing(Store(directory).db):
                return 0
        finally:
            lock.release()
    except GatewayError as error:
        logging.getLogger(__name__).critical("%s", error)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
