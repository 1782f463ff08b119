"""The running daemon, as the command line reaches it: one JSON line to its socket (``unix_socket``), one back.

Apart from the daemon's side: whoever asks needs nothing of what a daemon is made of.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, cast

import msgspec

from gateway.errors import GatewayError, StoreError, reason
from gateway.words.phrase import Phrase, of_members, same

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.consent.orders import A, Order

_NO_ANSWER = Phrase("{path}: the daemon does not answer: {why}")


def ask(path: Path, order: Order[A], timeout_s: float | None = None) -> A:
    """Ask the running daemon, for as long as the order says, or so many seconds.

    ConnectionError when none runs, GatewayError when it refused.
    """
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(order.patience_s if timeout_s is None else timeout_s)
        try:
            link.connect(str(path))
        except OSError as error:
            raise ConnectionError(str(error)) from error
        try:
            link.sendall(json.dumps(msgspec.to_builtins(order)).encode() + b"\n")
            with link.makefile("rb") as stream:
                reply = json.loads(stream.readline())
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else same(str(error))
            raise StoreError(_NO_ANSWER.filled(path=path, why=why)) from error
    if "error" in reply:
        refused = GatewayError(of_members("error", reply))
        refused.exit_code = reply["code"]
        raise refused
    return cast("A", reply["result"])
