"""An order of the command line: done by the running daemon, or here where none runs; and who gives it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config.tables import Config
    from gateway.consent.orders import A, Order


def ask_or_do(config: Config, order: Order[A]) -> A:
    """Let the running daemon do it, or, when none runs, do it here with the writer's lock."""
    from gateway.control.running import ask  # noqa: PLC0415

    try:
        return ask(config.control_socket, order)
    except ConnectionError:
        from gateway.control.orders import act_alone  # noqa: PLC0415 (where none runs, the database is opened here)

        return act_alone(config, order)


def settle(config: Config) -> None:
    """Have a running gateway commit its last minutes; of one that does not, what is in the file will have to do."""
    from gateway.control.messages import Settle  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415
    from gateway.errors import GatewayError  # noqa: PLC0415

    with suppress(ConnectionError, GatewayError):
        ask(config.control_socket, Settle())


def user() -> str:
    """Who types the command, for the record of what is consented to and erased."""
    import getpass  # noqa: PLC0415 (nobody else is asked who they are)

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
