"""The command line: arguments in, an exit code out (``gateway.errors``); a person gets sentences, never a traceback.

Without a word it says what there is, by purpose, and ends as a wrong use does: a script whose word was empty must not
go on as if something had been done. Of the commands only the one that is typed is imported (``_DECLARED``).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.commands.examples import illustrate
from gateway.commands.overview import overview
from gateway.commands.speech import add_language, spoken
from gateway.commands.usage import Parser, moment, seconds
from gateway.errors import Exit, GatewayError, reason
from gateway.language import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config.tables import Config

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 (there is no other name for it)

DEFAULT_CONFIG = Path("/etc/linky-gateway/gateway.toml")

_OUTPUT = Phrase("la sortie", "standard output")
_IO_FAULT = Phrase("{where} : {why}", "{where}: {why}")

# Orders that take longer than the others: after an erasure the database is written anew, on a memory card.
_PATIENCE_S = {"privacy-erase": 600.0, "privacy-preview": 60.0, "privacy-withdraw": 600.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words:
        sys.stderr.write(overview(spoken(argparse.Namespace(config=DEFAULT_CONFIG))))
        return Exit.USAGE
    options = _parser(words[0]).parse_args(words)
    level = getattr(options, "log_level", "WARNING")
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        code = run(options)
        sys.stdout.flush()
    except GatewayError as error:
        print(f"linky-gateway: {error.phrase.in_language(spoken(options))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has what it wanted (`| head`); Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # The disk of an export is full, or the terminal is gone: nothing more can be said on it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        where = same(str(error.filename)) if error.filename else _OUTPUT
        said = _IO_FAULT.filled(where=where, why=reason(error)).in_language(spoken(options))
        print(f"linky-gateway: {said}", file=sys.stderr)
        return Exit.STORE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return code


def _run(options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415

    from gateway.commands.memory import give_back_what_is_freed  # noqa: PLC0415
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.control.orders import prepare_store  # noqa: PLC0415
    from gateway.daemon.app import run  # noqa: PLC0415 (decode and status need none of it)

    give_back_what_is_freed()
    config = load(options.config)
    # The database and the socket are the household's own from their first moment on.
    os.umask(0o077)
    prepare_store(config.directory)
    asyncio.run(run(config))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415
    from gateway.doctor.command import Request, examine  # noqa: PLC0415
    from gateway.doctor.listen import Target  # noqa: PLC0415
    from gateway.sources.source import parse_source  # noqa: PLC0415

    config = None if options.port else load(options.config)
    if config is None:
        targets = [Target("port", options.port, parse_source(options.port, Path()))]
    else:
        targets = [Target(m.name, m.source, parse_source(m.source, config.path(".")), m.mode) for m in config.meter]
    request = Request(
        targets=targets,
        lang=spoken(options),
        json=options.json,
        bundle=options.bundle,
        seconds=options.seconds,
        configuration=config.as_written() | {"folder": config.folder} if config else None,
        status=(lambda: ask(config.control_socket, {"do": "status"})) if config else None,
    )
    return examine(request, sys.stdout)


def _status(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415
    from gateway.links.link import as_text  # noqa: PLC0415

    config = load(options.config)
    try:
        report = ask(config.control_socket, {"do": "status"})
    except ConnectionError:
        from gateway.control.orders import stored_status  # noqa: PLC0415 (where none runs, the database says it)

        report = stored_status(config)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(json.dumps(report, indent=2) if options.json else as_text(report, spoken(options), width))
    return 0 if report["running"] else 1


def _consent(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.consent.command import Desk, run  # noqa: PLC0415

    config = load(options.config)
    read = sys.stdin.readline if sys.stdin.isatty() and sys.stdout.isatty() else None
    ask = partial(_ask_or_do, config)
    return run(options, Desk(ask, sys.stdout, sys.stderr, read, _user(), config.max_retention, spoken(options)))


def _user() -> str:
    """Who types the command, for the record of what is consented to."""
    import getpass  # noqa: PLC0415 (nobody else is asked who they are)

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _reading(options: argparse.Namespace) -> int:
    from gateway.commands import reading as reading_command  # noqa: PLC0415
    from gateway.config.tables import load  # noqa: PLC0415

    config = load(options.config)
    if options.action == "list":
        for line in reading_command.listed(config, options):
            print(line)
    else:
        print(reading_command.said(_ask_or_do(config, reading_command.order_of(options)), spoken(options)))
    return 0


def _ask_or_do(config: Config, request: dict[str, object]) -> object:
    """Let the running daemon do it, or, when none runs, do it here with the writer's lock."""
    from gateway.control.running import ask  # noqa: PLC0415

    try:
        return ask(config.control_socket, request, _PATIENCE_S.get(str(request["do"]), 10.0))
    except ConnectionError:
        from gateway.control.orders import act_alone  # noqa: PLC0415 (where none runs, the database is opened here)

        return act_alone(config, request)


def _consume(options: argparse.Namespace) -> int:
    from gateway.commands.consume import consume  # noqa: PLC0415

    return consume(options)


def _parser(typed: str = "") -> Parser:
    """Of the command that is typed; where the word is none, of them all, to be listed."""
    program = Parser(
        prog="linky-gateway",
        description="Reads a Linky meter, keeps and shows what it says, and sends it to whom the household allows it.",
    )
    parser: argparse.ArgumentParser = program
    version = parser.add_argument("--version", action="version", version=f"linky-gateway {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    if typed in version.option_strings:
        return program
    of_word = [declare for words, declare in _DECLARED if typed in words.split()]
    for declare in of_word or [declare for _, declare in _DECLARED]:
        declare(commands)
    illustrate(program)
    return program


def _of(module: str) -> Any:  # noqa: ANN401 (each declares its words in its own way)
    return import_module(f"gateway.{module}")


def _run_parser(commands: Commands) -> None:
    _log_option(_command(commands, "run", _run, "the daemon: read, store, publish"))


def _status_parser(commands: Commands) -> None:
    text = "each link with its state and age; exit 1 when not running"
    _command(commands, "status", _status, text, spoken_to=True).add_argument("--json", action="store_true")


def _consent_parser(commands: Commands) -> None:
    consent = commands.add_parser("consent", help="who may have what", description="Who may have what.")
    actions = consent.add_subparsers(dest="action", required=True, metavar="ACTION")
    _of("consent.command").add_actions(lambda name, text: _command(actions, name, _consent, text, spoken_to=True))


def _account_parser(commands: Commands) -> None:
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"(default: {DEFAULT_CONFIG})")
    _of("commands.account").add_parser(commands, config)


def _doctor_parser(commands: Commands) -> None:
    doctor = _command(commands, "doctor", _doctor, "listen to the port, say what is wrong and what to do")
    doctor.add_argument("--port", metavar="PORT", help="examine this port instead of the configured ones")
    add_language(doctor)
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--bundle", type=Path, metavar="FILE", help="also write an anonymised archive for support")
    doctor.add_argument("--seconds", type=float, default=15.0, metavar="N", help="how long to listen (default: 15)")


def _consume_parser(commands: Commands) -> None:
    consume = _command(commands, "consume", _consume, "the reference recipient: JSON Lines of records", config=False)
    consume.add_argument("--jid", required=True, help="the recipient's account")
    consume.add_argument("--password-file", required=True, type=Path)
    consume.add_argument(
        "--gateway", required=True, help="the gateway's full address, for example gw@example.org/proxy"
    )
    consume.add_argument("--identifier", required=True, action="append", help="a series name or a prefix of names")
    consume.add_argument(
        "--address",
        metavar="HOST:PORT",
        action="append",
        help="the server, when DNS does not say; again: its other nodes",
    )
    consume.add_argument("--ca-file", type=Path, help="a certificate authority of one's own")
    consume.add_argument("--store", type=Path, metavar="FILE", help="an SQLite file of records")
    consume.add_argument(
        "--live", type=seconds(3600), metavar="S", help="only watch: the newest value every S seconds, nothing is kept"
    )
    consume.add_argument("--count", type=int, metavar="N", help="end after N records")
    consume.add_argument(
        "--history-from", type=moment, metavar="T", help="first ask for what was stored since (ISO 8601)"
    )
    _log_option(consume)


def _command(
    commands: Commands,
    name: str,
    function: Callable[[argparse.Namespace], int],
    text: str,
    *,
    config: bool = True,
    spoken_to: bool = False,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=function)
    if config:
        parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"(default: {DEFAULT_CONFIG})")
    if spoken_to:
        add_language(parser)
    return parser


def _log_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")


# Words, in the order of ``--help``, and who declares them: imported when one of them is typed, or none. All of them
# together cost a Pi Zero seconds, each time.
_DECLARED: tuple[tuple[str, Callable[[Commands], None]], ...] = (
    ("run", _run_parser),
    ("decode export events", lambda to: _of("commands.data").add_actions(partial(_command, to))),
    ("series", lambda to: _of("commands.series").add_parser(partial(_command, to))),
    ("migrate check", lambda to: _of("commands.database").add_actions(partial(_command, to), _ask_or_do)),
    ("backup restore", lambda to: _of("commands.backup").add_actions(partial(_command, to))),
    ("doctor", _doctor_parser),
    ("ports", lambda to: _of("commands.ports").add_command(partial(_command, to, config=False))),
    ("status", _status_parser),
    ("watch", lambda to: _of("commands.watch").add_parser(partial(_command, to))),
    ("metrics", lambda to: _of("commands.metrics").add_parser(partial(_command, to))),
    ("consent", _consent_parser),
    ("reading", lambda to: _of("commands.reading").parsers(to, _command, _reading, moment)),
    ("account", _account_parser),
    ("consume", _consume_parser),
    ("journal", lambda to: _of("commands.journal").add_parser(to, DEFAULT_CONFIG, moment)),
    ("board", lambda to: _of("commands.board").add_parser(to, DEFAULT_CONFIG)),
    ("display", lambda to: _of("commands.display").add_parser(to, DEFAULT_CONFIG)),
    ("page", lambda to: _of("commands.page").add_parser(to, DEFAULT_CONFIG)),
    ("first-boot", lambda to: _of("commands.first_boot").add_parser(to)),
    ("fleet", lambda to: _of("commands.fleet").add_parser(to)),
    ("privacy", lambda to: _of("commands.privacy").add_parser(to, DEFAULT_CONFIG, moment, _ask_or_do)),
    ("received", lambda to: _of("commands.received").add_actions(_command, to, moment)),
    ("balance cost", lambda to: _of("commands.balance").add_actions(partial(_command, to), moment)),
)


if __name__ == "__main__":
    sys.exit(main())
