"""What the command line may order of the store, through the running daemon or, when none runs, by itself."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gateway.config.settings import forget
from gateway.control.messages import OF_DATA, OF_HISTORY, EnterReading, Erase, unknown
from gateway.errors import StoreError
from gateway.links.link import OK, WAITING, Link, LinkKind, as_json, recipient_links
from gateway.store.connection import WriterLock
from gateway.store.store import Archive, Store
from gateway.words.phrase import Phrase, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config.tables import Config
    from gateway.consent.orders import A, Handlers, Order, Row
    from gateway.store.received import ReceivedPoints

log = logging.getLogger(__name__)

_NOT_PREPARED = Phrase("{path}: the database could not be prepared")
_LAST_COUNT = Phrase("the last stored count")
_LAST_FRAME = Phrase("the last stored frame")
_LAST_POINT = Phrase("the last stored point")
_READABLE = Phrase("can be read")


def prepare_store(directory: Path) -> None:
    """Check and migrate the database in a process of its own; StoreError with its sentence when that fails."""
    # Not from the folder where the command happens to be called: a json.py lying there would be taken for Python's.
    package = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-P", "-m", "gateway.store.prepare", str(directory), "--both"],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": search},
    )
    lines = done.stderr.splitlines()
    # Why it ends is said by whoever asked for it, once.
    last = lines.pop().partition(" ")[2] if done.returncode and lines else ""
    for line in lines:
        level, _, words = line.partition(" ")
        log.log(logging.getLevelNamesMapping().get(level, logging.ERROR), "%s", words)
    if done.returncode:
        raise StoreError(written(json.loads(last)) if last.startswith("{") else _NOT_PREPARED.filled(path=directory))


def _prepare_here(directory: Path) -> None:
    """The same in this process, for one that ends with its order: another one would take longer than that itself."""
    from gateway.store.prepare import prepare  # noqa: PLC0415 (where a daemon runs, nothing of it is needed)

    # As that one does: what is made is the household's own.
    before = os.umask(0o077)
    try:
        prepare(directory)
    finally:
        os.umask(before)


# What is done where the store is written; the running daemon does the others itself (``daemon.requests``). Who does it
# is loaded with the first order of its kind: most houses give none for months.


def _of_consents() -> Handlers:
    from gateway.consent.act import HANDLERS  # noqa: PLC0415

    return HANDLERS


def _of_data() -> Handlers:
    from gateway.privacy.act import HANDLERS  # noqa: PLC0415

    return HANDLERS


def _of_history() -> Handlers:
    from gateway.control.history import HANDLERS  # noqa: PLC0415

    return HANDLERS


def act(store: Store, order: Order[A], now: float) -> A:
    """Do one order; GatewayError with the reason when it cannot be done."""
    known = _of_data if isinstance(order, OF_DATA) else _of_history if isinstance(order, OF_HISTORY) else _of_consents
    handle = known().get(type(order))
    if handle is None:
        raise unknown(order)
    return cast("A", handle(store, order, now))


def act_alone(config: Config, order: Order[A]) -> A:
    """Do it here, no daemon running: with the writer's lock, on a checked file that knows the configured meters."""
    with orders_alone(config):
        return act_held(config, order)


@contextmanager
def orders_alone(config: Config) -> Iterator[None]:
    """Several orders here, no daemon starting between them, on a checked file."""
    _prepare_here(config.directory)
    with held(config):
        yield


def act_held(config: Config, order: Order[A]) -> A:
    """Do one of them."""
    with closing(Store(config.directory)) as store:
        for meter in config.meter:
            store.meters.add(meter.name, meter.sensor, meter.prm)
        for counter in config.counter:
            store.meters.add(counter.name, counter.sensor)
        if isinstance(order, EnterReading):
            from gateway.control.manual_reading import enter  # noqa: PLC0415 (few readings come by hand)

            return cast("A", enter(store, config, order.order, time.time()))
        done = act(store, order, time.time())
        if isinstance(order, Erase) and order.what == "everything":
            try:
                erase_page(config)
            finally:
                forget(config)
        return done


@contextmanager
def held(config: Config) -> Iterator[None]:
    """No daemon starts meanwhile; StoreError where one runs. Without a folder there is nothing to hold."""
    lock = WriterLock(config.directory) if config.directory.is_dir() else None
    try:
        yield
    finally:
        if lock:
            lock.release()


def erase_joining(config: Config) -> None:
    """Erase the yes that waits, and by whom the house was invited."""
    from gateway.privacy.machine import erase  # noqa: PLC0415 (once in the life of an installation)

    erase([config.joining_file], [])


def erase_page(config: Config) -> None:
    """Erase who may see the page, and by what addresses who is told: that is the household's, too."""
    from gateway.config.typed_secrets import of_the_household  # noqa: PLC0415 (once in the life of an installation)
    from gateway.privacy.machine import erase  # noqa: PLC0415 (likewise)

    erase([config.page_file, config.joining_file, *of_the_household(config)], [])


def stored_status(config: Config) -> Row:
    """What the database says of the links when no daemon runs."""
    now = time.time()
    archive = Archive(config.directory)
    links = []
    counters = {counter.name for counter in config.counter}
    for meter in archive.meters.all():
        age = now - meter.last_time if meter.last_time else None
        kind, last = (LinkKind.COUNTER, _LAST_COUNT) if meter.name in counters else (LinkKind.METER, _LAST_FRAME)
        links.append(Link(kind, meter.name, WAITING, age, last))
    links.append(Link(LinkKind.STORE, "", OK, None, _READABLE))
    if config.received:
        links += _stored_supplies(config, archive.received, now)
    links += recipient_links(archive.outbox.backlog(), now)
    archive.close()
    return as_json(links, running=False)


def _stored_supplies(config: Config, received: ReceivedPoints, now: float) -> list[Link]:
    """How old the newest point of each source is, for ``status`` when no daemon runs."""
    from gateway.household.share import origins  # noqa: PLC0415 (few houses receive anything)
    from gateway.household.share_standing import shares_unknown, with_shares  # noqa: PLC0415 (likewise)

    series = received.series()
    links = []
    for origin in origins(config.received):
        times = [one.last_time for one in series if one.last_time is not None and origin.covers(one)]
        age = max(0.0, now - max(times)) if times else None
        links.append(Link(LinkKind.PROVIDER, origin.wanted.name, OK if times else WAITING, age, _LAST_POINT))
    return with_shares(links, shares_unknown(config, received, now))
