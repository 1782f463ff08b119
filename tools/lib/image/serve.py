"""One request for a file of a folder, answered on standard input: the emulator starts this for each connection.

It hands a socket to it as all three of the standard streams: nothing may be said to a log there.
"""

from __future__ import annotations

import socket
import sys
from http.server import SimpleHTTPRequestHandler


class FolderRequest(SimpleHTTPRequestHandler):
    """Of whom is asked is the folder's name."""

    def log_message(self, *_: object) -> None:
        """To nobody."""


def main() -> None:
    """Answer it."""
    with socket.socket(fileno=0) as end:
        FolderRequest(end, ("the house", 0), None, directory=sys.argv[1])  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
