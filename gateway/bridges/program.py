"""``linky-bridge``: one bridge as a program; a person gets sentences, never a traceback.

Wiring only: the configuration, the account's session, the sink, systemd. What it does is in ``gateway/bridges/``.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.bridges.config import BridgeConfig, load
from gateway.bridges.core import Bridge, Forwarder, InThread, Returning, Sink, queue_file
from gateway.bridges.metrics import BridgeWatch
from gateway.config.tables import credential_file, password_from
from gateway.errors import BridgeError, ConfigError, Once
from gateway.federation.connection.jids import bare_jid, unguessable
from gateway.federation.connection.session import Account, Session
from gateway.federation.connection.strangers import RECIPIENT, SenderLimits
from gateway.federation.recipient.recipient import Keeper
from gateway.process.ending import ended
from gateway.process.systemd import Notifier, Watchdog
from gateway.process.watched import watched
from gateway.store.bridge_queue import BridgeQueue, enqueue
from gateway.store.recorder import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.federation.recipient.intake import Intake

KINDS = {
    "zabbix": "a Zabbix server: hosts, items, values",
    "bmhs": "a BMHS server, by its push interface",
    "warp10": "a Warp 10, such as PRIDE's",
    "sen1": "a proxy of 2019, by Sen1Message",
    "own": "a system that a class of your own knows",
}
PASSWORD_CREDENTIAL, TOKEN_CREDENTIAL = "xmpp-password", "sink-token"

# A server that is away is tried again every five minutes or so, the other system every minute.
_PATIENCE_S = 600.0
_STATUS_S, _REPORT_S = 10.0, 60.0
log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    return ended("linky-bridge", lambda: options.run(options))


def _run(options: argparse.Namespace) -> None:
    config = load(options.config)
    if getattr(config, options.kind) is None:
        raise ConfigError(f"{options.config}: the table [{options.kind}] is missing")
    directory = _directory(options.kind, config)
    if options.status:
        _show(config, directory)
        return
    # Others' readings: nobody else's business.
    os.umask(0o077)
    directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(_bridge(options.kind, options.config, config, directory))


async def _bridge(kind: str, file: Path, config: BridgeConfig, directory: Path) -> None:
    known = {bare_jid(one.gateway.partition("/")[0]) for one in config.household}
    if config.sen1:
        known.add(bare_jid(config.sen1.to))
    session = Session(_account(file, config), doorkeeper=SenderLimits(known.__contains__, RECIPIENT))
    sink = _sink(kind, file, config, session)
    bridge, stop = Bridge(config, directory, session, sink), asyncio.Event()
    if isinstance(sink, Returning):
        sink.on_return(bridge.again)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    notifier = Notifier()
    watchdog = Watchdog(notifier)

    def watch(name: str, part: Session | Intake | Forwarder) -> None:
        watchdog.watch(name, lambda: part.alive_at, _PATIENCE_S)

    figures = BridgeWatch(kind, session, bridge)
    watch("session", session)
    watch("intake", bridge.intake)
    for gateway in bridge.gateways:
        watch("forwarder", gateway.forwarder)
    notifier.ready()
    try:
        async with watched(config.metrics.at, figures), asyncio.TaskGroup() as group:
            beside = [
                group.create_task(watchdog.run(), name="watchdog"),
                group.create_task(_tell(bridge, notifier), name="status"),
                group.create_task(_tell_sink(figures, sink), name="report"),
            ]
            await bridge.run(stop)
            notifier.stopping()
            for task in beside:
                task.cancel()
    finally:
        notifier.close()


async def _tell(bridge: Bridge, notifier: Notifier) -> None:
    """What ``systemctl status`` shows; it names nobody."""
    while True:
        waiting = sum(gateway.queue.backlog()[0] for gateway in bridge.gateways)
        notifier.status(f"{len(bridge.gateways)} gateways; {waiting} values wait to be handed on")
        await asyncio.sleep(_STATUS_S)


async def _tell_sink(watch: BridgeWatch, sink: Sink) -> None:
    """What a sink is told of the bridge itself."""
    say = Once(log, last=True)
    while isinstance(sink, InThread):
        # Not at once: a program that has just begun has no session yet, which would be an alarm.
        await asyncio.sleep(_REPORT_S)
        try:
            await sink.tell(watch.figures())
            say.clear()
        except BridgeError as error:
            say("", "%s; it is told again in a minute how the bridge is", error)


def _sink(kind: str, file: Path, config: BridgeConfig, session: Session) -> Sink:
    if config.sen1 and kind == "sen1":
        from gateway.bridges.sen1 import Sen1Sink  # noqa: PLC0415 (only what is used is imported)

        return Sen1Sink(config.sen1, session)
    if config.own and kind == "own":
        from gateway.bridges.own import load_sink  # noqa: PLC0415

        has_token = config.own.token_file or credential_file(TOKEN_CREDENTIAL)
        token = _secret(file, config, config.own.token_file) if has_token else None
        return load_sink(config.path(config.own.file) if config.own.file else None, config.own, token)
    if config.zabbix and kind == "zabbix":
        try:
            from gateway.bridges.zabbix import ZabbixSink  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(
                "the library zabbix_utils is missing: in the folder of the release, with the Python that runs this:"
                " python -m pip install '.[bridges]'"
            ) from error

        return InThread(ZabbixSink(config.zabbix, _secret(file, config, config.zabbix.token_file)))
    if config.bmhs and kind == "bmhs":
        from gateway.bridges.bmhs import BmhsSink  # noqa: PLC0415

        return InThread(BmhsSink(config.bmhs, _secret(file, config, config.bmhs.token_file)))
    from gateway.bridges.warp10 import Warp10Sink  # noqa: PLC0415

    assert config.warp10 is not None, "its table was looked for"  # noqa: S101
    return InThread(Warp10Sink(config.warp10, _secret(file, config, config.warp10.token_file)))


def _secret(file: Path, config: BridgeConfig, name: str | None, key: str = "token_file") -> str:
    """The first line of the file, or of the credential."""
    credential = PASSWORD_CREDENTIAL if key == "password_file" else TOKEN_CREDENTIAL
    found = config.path(name) if name else credential_file(credential)
    if found is None:
        raise ConfigError(f"{file}: {key} is missing, and there is no systemd credential {credential}")
    return password_from(found)


def _account(file: Path, config: BridgeConfig) -> Account:
    told = config.federation
    ca_file = config.path(told.ca_file) if told.ca_file else None
    password = _secret(file, config, told.password_file, "password_file")
    return Account(bare_jid(told.jid), password, told.address, ca_file, told.resource or unguessable("bridge"))


def _directory(kind: str, config: BridgeConfig) -> Path:
    """Where the queues are: as configured, as systemd says, or where it would be."""
    if config.directory:
        return config.path(config.directory)
    return Path(os.environ.get("STATE_DIRECTORY") or f"/var/lib/linky-bridge-{kind}")


def _show(config: BridgeConfig, directory: Path) -> None:
    """What waits for each household's gateway, and what its household told of data that were handed on."""
    for jid in sorted({one.gateway for one in config.household}):
        names = ", ".join(one.name for one in config.household if one.gateway == jid)
        if not queue_file(directory, jid).exists():
            print(f"{names}: nothing was received yet")
            continue
        with closing(Keeper(queue_file(directory, jid), enqueue)) as keeper:
            queue = BridgeQueue(keeper.file)
            (waiting, oldest), notices = queue.backlog(), queue.notices()
        print(f"{names}: {waiting} values wait" + (f", the oldest of {iso(oldest)}" if oldest is not None else ""))
        for notice in notices:
            span = "" if notice.first is None else f" from {iso(notice.first)}"
            span += "" if notice.last is None else f" to {iso(notice.last)}"
            span = ": nothing is to be deleted" if notice.spares else span
            print(f"  {iso(notice.time)}  {notice.kind}  {notice.series or 'all series'}{span}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linky-bridge", description="Hands what gateways send on to a system outside the federation."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, dest="kind", metavar="KIND")
    for kind, what in KINDS.items():
        command = commands.add_parser(kind, help=what, description=f"Hand on to {what}.")
        command.add_argument("--config", type=Path, required=True, help="the bridge's TOML file")
        command.add_argument("--status", action="store_true", help="what waits, and what households told; then end")
        command.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
        command.set_defaults(run=_run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
