"""``linky-gateway board``: the ESP32 boards of this household, and new files for them over the air.

A board is known by its card, which tools/flash wrote. An update is signed with that board's key and laid with the
broker; the command then waits for the board's word, but need not: the board takes it when it is awake.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_config, add_language, configured, say, spoken
from gateway.errors import BoardError, BrokerError, ConfigError, reason
from gateway.mqtt.boards import passwords, rights
from gateway.mqtt.boards.fileset import FileSet
from gateway.mqtt.boards.offer import UpdateState, board_of, messages, outcome, state_topic
from gateway.words.phrase import NOTHING, Phrase, same

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.mqtt.boards.registry import Registry
    from gateway.mqtt.broker import Broker

PASSWORDS = Path("/etc/mosquitto/linky.passwords")

# What is retained comes at once after subscribing.
_RETAINED_S = 1.0
_CONNECT_S = 10.0
# A set takes a minute on a busy Wi-Fi, and a trial five; then the command says that it waits no longer.
_WAIT_S = 900.0

_RELOAD = Phrase(" Let the broker look: sudo systemctl reload mosquitto")
_KNOWN = Phrase("{board}: known.") + _RELOAD
_FORGOTTEN = Phrase("{board}: forgotten.") + _RELOAD
_NONE = Phrase("no board is known here; tools/flash makes one, `linky-gateway board add` makes it known")
_UNKNOWN = Phrase("{why}; what the boards run is not known")
_SILENT, _ON_TRIAL = Phrase("has said nothing"), Phrase("on trial")
_NOT_KNOWN = Phrase("no board {board} is known here; `linky-gateway board list` shows those that are")
_UNREADABLE = Phrase("{name} cannot be read: {why}")
_NO_MQTT = Phrase("mqtt: the boards are reached by the broker; add the table [mqtt] to the configuration")
_OFFERED = Phrase("{board}: {version} is offered as number {serial}")
_NO_WORD = Phrase("{board}: no word yet; the offer stays, `linky-gateway board list` shows what becomes of it")
_STARTS = Phrase("{board}: starts {version}, on trial")
_RUNS = Phrase("{board}: runs {version}")
_STILL_RUNS = Phrase("{board}: still runs {version}: {last}")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    board = commands.add_parser("board", help="the ESP32 boards, and updates for them", description="The ESP32 boards.")
    actions = board.add_subparsers(required=True, metavar="ACTION")
    shared = argparse.ArgumentParser(add_help=False)
    add_language(shared)
    add_config(shared)

    listed = actions.add_parser("list", parents=[shared], help="the boards that are known, and what they run")
    listed.set_defaults(run=_list)

    add = actions.add_parser("add", parents=[shared], help="make a board known here by the card that tools/flash wrote")
    add.add_argument("card", metavar="CARD", help="the board's file; - is standard input")
    add.add_argument("--passwords", type=Path, default=PASSWORDS, metavar="FILE", help=f"(default: {PASSWORDS})")
    add.set_defaults(run=_add)

    forget = actions.add_parser("forget", parents=[shared], help="let a board in no more, and drop its key")
    forget.add_argument("board", metavar="ID")
    forget.add_argument("--passwords", type=Path, default=PASSWORDS, metavar="FILE", help=f"(default: {PASSWORDS})")
    forget.set_defaults(run=_forget)

    update = actions.add_parser("update", parents=[shared], help="offer new files to a board over the air")
    update.add_argument("board", metavar="ID")
    update.add_argument("files", type=Path, metavar="SET", help="the zip file of tools/flash --build-set")
    update.add_argument("--wait", type=float, default=_WAIT_S, metavar="S", help="how long to wait for its word (900)")
    update.set_defaults(run=_update)


def _add(options: argparse.Namespace) -> int:
    registry = _registry(options)
    from gateway.mqtt.boards import admitted  # noqa: PLC0415 (--help needs no library)
    from gateway.mqtt.boards.displays import Displays  # noqa: PLC0415
    from gateway.mqtt.boards.registry import Card  # noqa: PLC0415

    card = Card.decode(_content(options.card), options.card)
    directory = configured(options).directory
    Displays(directory).refuse(card.board.id)
    # The key first: a board that can log in but not be updated is worse than the other way round.
    registry.keep(card.board)
    # What the page writes for root to enter: it must not undo this.
    admitted.AdmittedBoards(directory).add(card)
    passwords.enter(options.passwords, card.password_line)
    admitted.note(options.passwords, {card.board.id})
    if (rules := _rules(options)).exists():
        (rights.allow if card.board.role == "display" else rights.forbid)(rules, card.board.id)
    say(options, _KNOWN.filled(board=card.board.id))
    return 0


def _rules(options: argparse.Namespace) -> Path:
    """Mosquitto's access list: beside the passwords."""
    file: Path = options.passwords
    return file.with_name("linky.acl")


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BoardError(_UNREADABLE.filled(name=name, why=reason(error))) from error


def _forget(options: argparse.Namespace) -> int:
    from gateway.mqtt.boards.admitted import AdmittedBoards  # noqa: PLC0415
    from gateway.mqtt.boards.displays import Displays  # noqa: PLC0415
    from gateway.mqtt.boards.registry import checked  # noqa: PLC0415

    registry, board, directory = _registry(options), checked(options.board), configured(options).directory
    kept = board in registry.names()
    others = {passwords.GATEWAY_USER, *(display.name for display in Displays(directory).all())}
    if board in others or not (kept or board in passwords.users(options.passwords)):
        raise BoardError(_NOT_KNOWN.filled(board=board))
    # What lets it in first, also where its own file is missing or damaged.
    passwords.remove(options.passwords, board)
    if (rules := _rules(options)).exists():
        rights.forbid(rules, board)
    AdmittedBoards(directory).remove(board)
    if kept:
        registry.forget(board)
    say(options, _FORGOTTEN.filled(board=options.board))
    return 0


def _list(options: argparse.Namespace) -> int:
    config = configured(options)
    boards = _registry(options).all()
    if not boards:
        say(options, _NONE)
        return 0
    states: dict[str, UpdateState] = {}
    try:
        states = asyncio.run(_states(config))
    except (BrokerError, ConfigError) as error:
        print("linky-gateway:", _UNKNOWN.filled(why=error.phrase).in_language(spoken(options)), file=sys.stderr)
    width, lang = max(len(board.id) for board in boards), spoken(options)
    for board in boards:
        print(
            f"{board.id:{width}}  {board.role:7}  {board.chip:7}  {_described(states.get(board.id)).in_language(lang)}"
        )
    return 0


def _described(state: UpdateState | None) -> Phrase:
    if state is None:
        return _SILENT
    words = _ON_TRIAL if state.trial else same("" if state.last == "running" else state.last)
    return same(state.version) + (same(" ({words})").filled(words=words) if words else NOTHING)


async def _states(config: Config) -> dict[str, UpdateState]:
    """What each board has said last."""
    found: dict[str, UpdateState] = {}

    def hear(topic: str, payload: bytes) -> None:
        if state := UpdateState.parse(payload):
            found[board_of(topic)] = state

    broker = _broker(config)
    broker.listen(state_topic("+"), hear)
    async with _connected(broker):
        await asyncio.sleep(_RETAINED_S)
    return found


def _update(options: argparse.Namespace) -> int:
    config, registry = configured(options), _registry(options)
    board, files = registry.get(options.board), FileSet.read(options.files)
    serial = registry.next_serial(board)
    signed = files.signed(board.id, board.secret, serial)
    offered = dict(messages(board.id, files, signed, serial))
    return asyncio.run(_offer(options, config, board.id, files.version, serial, offered))


async def _offer(
    options: argparse.Namespace, config: Config, board: str, version: str, serial: int, offered: dict[str, bytes]
) -> int:
    """Lay the set with the broker, wait for the board's word; what was laid is cleared when it is not needed."""
    said: asyncio.Queue[UpdateState] = asyncio.Queue()

    def hear(_topic: str, payload: bytes) -> None:
        if state := UpdateState.parse(payload):
            said.put_nowait(state)

    broker = _broker(config)
    broker.listen(state_topic(board), hear)
    async with _connected(broker):
        for topic, content in offered.items():
            await broker.publish(topic, content, qos=1, retain=True)
        say(options, _OFFERED.filled(board=board, version=version, serial=serial))
        try:
            async with asyncio.timeout(options.wait):
                done = await _word(options, said, board, version, serial)
        except TimeoutError:
            say(options, _NO_WORD.filled(board=board))
            return 1
        for topic in offered:
            await broker.publish(topic, b"", qos=1, retain=True)
    return 0 if done else 1


async def _word(
    options: argparse.Namespace, said: asyncio.Queue[UpdateState], board: str, version: str, serial: int
) -> bool:
    while True:
        state = await said.get()
        done = outcome(state, serial)
        if state.trial and state.running == serial:
            say(options, _STARTS.filled(board=board, version=version))
        if done is not None:
            facts = {"board": board, "version": version if done else state.version, "last": state.last}
            say(options, (_RUNS if done else _STILL_RUNS).filled(**facts))
            return done


def _registry(options: argparse.Namespace) -> Registry:
    from gateway.mqtt.boards.admitted import give_over  # noqa: PLC0415
    from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415

    directory = configured(options).directory
    give_over(directory, getattr(options, "passwords", PASSWORDS))
    return Registry(directory)


def _broker(config: Config) -> Broker:
    from gateway.mqtt.broker import Broker  # noqa: PLC0415 (aiomqtt, only where a broker is asked)

    if config.mqtt is None:
        raise ConfigError(_NO_MQTT)
    return Broker(config, config.mqtt, None)


@contextlib.asynccontextmanager
async def _connected(broker: Broker) -> AsyncIterator[None]:
    """The broker, connected for a while; BrokerError when that does not work at once."""
    up, stop = asyncio.Event(), asyncio.Event()

    async def greet() -> None:
        up.set()

    broker.greet(greet)
    running = asyncio.create_task(broker.run(stop), name="mqtt")
    try:
        try:
            async with asyncio.timeout(_CONNECT_S):
                await up.wait()
        except TimeoutError:
            raise BrokerError(broker.link().detail) from None
        yield
    finally:
        stop.set()
        await running
