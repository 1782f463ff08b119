"""``linky-gateway consume``: a recipient that prints one JSON line a record, and keeps them if it is given a file.

Wiring only: the account's session, the reference recipient, standard output. Exit code 77 when ``--count`` records
were asked for and the gateway refuses them; without ``--count`` it waits for the household's consent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from typing import TYPE_CHECKING

from gateway.config.tables import password_from
from gateway.errors import ConfigError, Exit, FederationError
from gateway.federation.connection.jids import bare_jid, unguessable
from gateway.federation.connection.session import Account, Session
from gateway.federation.connection.strangers import RECIPIENT, SenderLimits
from gateway.federation.recipient.recipient import Keeper, Recipient
from gateway.federation.wire.total import ANSWERS_TOTALS
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    import argparse

    from gateway.store.recipient_file import Received

log = logging.getLogger(__name__)

_AGAIN_S, _LIVE_AGAIN_S = 600.0, 60.0


def consume(options: argparse.Namespace) -> int:
    """Run until interrupted, or until ``--count`` records were printed; the exit code."""
    jid, password, resource = bare_jid(options.jid), password_from(options.password_file), unguessable("recipient")
    account = Account(jid, password, options.address, options.ca_file, resource)
    gateway, slash, resource = options.gateway.partition("/")
    if not slash or not resource:
        raise ConfigError(f"--gateway {options.gateway!r} needs the resource: gw@example.org/proxy")
    for identifier in options.identifier:
        parse_identifier(identifier)
    keeper = Keeper(options.store)
    try:
        return asyncio.run(_Consumer(account, f"{bare_jid(gateway)}/{resource}", options, keeper).run())
    finally:
        keeper.close()


class _Consumer:
    """One run of the command."""

    def __init__(self, account: Account, gateway: str, options: argparse.Namespace, keeper: Keeper) -> None:
        self._stop = asyncio.Event()
        self._left: int | None = options.count
        self._code = 0
        self._broken = False
        self._said: str | None = None
        provider = bare_jid(gateway.partition("/")[0])
        features = (ANSWERS_TOTALS,) if options.store else ()
        self._session = Session(account, features=features, doorkeeper=SenderLimits(provider.__eq__, RECIPIENT))
        # What is watched live ends with the gateway's process: asked for again soon.
        self._recipient = Recipient(
            *(self._session, gateway, options.identifier, keeper, self._print, self._refused, options.history_from),
            again_s=_AGAIN_S if options.live is None else _LIVE_AGAIN_S,
            live_s=options.live,
        )

    async def run(self) -> int:
        """Everything, until the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._session.run(self._stop), name="session")
                group.create_task(self._recipient.receive(self._stop), name="receive")
                group.create_task(self._recipient.subscribe(self._stop), name="subscribe")
        except ExceptionGroup as errors:
            # One sentence for a person: the first of them is why the others ended.
            raise errors.exceptions[0] from errors
        if self._broken:
            # The command line knows what to do with it.
            raise BrokenPipeError
        return self._code

    def _print(self, record: Received) -> bool:
        """Print a record; False when there is to be no more, and the message is not to be confirmed."""
        if self._stop.is_set():
            return False
        try:
            sys.stdout.write(json.dumps(record.as_json(), ensure_ascii=False) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._broken = True
            self._stop.set()
            return False
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._stop.set()
        return True

    def _refused(self, error: FederationError) -> None:
        if error.condition in ("not-authorized", "forbidden") and self._left is not None:
            self._code = Exit.PERMISSION
            self._stop.set()
        sentence = f"the gateway refuses: {error}" if error.condition == "not-authorized" else f"the gateway: {error}"
        if sentence != self._said:
            sys.stderr.write(f"linky-gateway: {sentence}\n")
        self._said = sentence
