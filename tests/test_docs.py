"""The documents say what is so: links, commands, options, configuration, the parts that are made from code.

Every command in a block of a document is parsed by the real parser; those of the documents for people are also run, in
order, in a scratch folder, unless ``NOT_RUN`` says why not.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

import documents
from gateway.balance.supplier_offer import SupplierOffer
from gateway.bridges import config as bridges_config
from gateway.bridges import program as bridge
from gateway.collector import cli as collector_cli
from gateway.collector import config as collector_config
from gateway.commands import fleet_ask as fleet
from gateway.commands import main as cli
from gateway.config import tables as config
from gateway.config.offers import read_offer
from gateway.config.roofs import read_roof
from gateway.display import cli as display_cli
from gateway.display import config as display_config
from gateway.first_boot import settings
from gateway.operation.plan import OperationTable, read_operation
from tests.alone import Alone
from tests.markdown import DOCUMENTS, ROOT, TRACKED, anchors, read, shell_commands, spans
from tests.tool_help import TOOLS, help_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PARSERS = {
    "linky-gateway": cli._parser(),
    "linky-display": display_cli._parser(),
    "linky-collect": collector_cli._parser(),
    "linky-bridge": bridge._parser(),
}

# What stands for something of the reader's own.
EXAMPLES = {"KEY": "00" * 32, "N:HASH": "1:" + "00" * 32}

# ---- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    """A relative link is a file or a folder of the repository, its anchor a heading there; a picture is there."""
    prose = re.sub(r"`[^`]*`", "", read(document)[1])
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose):
        link = target[0] or target[1]
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        place = (ROOT / document).parent / file if file else ROOT / document
        assert place.exists(), f"{document}: {link}"
        assert place.resolve().is_relative_to(ROOT), f"{document}: {link}"
        if anchor:
            page = (place / "README.md" if place.is_dir() else place).resolve().relative_to(ROOT)
            assert anchor in anchors(str(page)), f"{document}: {link}"


def strays(lines: list[str]) -> Iterator[str]:
    """Lines that begin as a later item of a list, with neither that list nor an empty line before them."""
    is_item = re.compile(r" *(?:[-*]|[0-9]+\.) ").match
    paragraph: list[str] = []
    for line in lines:
        if not line.strip() or line.startswith("```"):
            paragraph = []
            continue
        if re.match(r"(?!1\.)[0-9]+\. ", line) and paragraph and not any(map(is_item, paragraph)):
            yield line
        paragraph.append(line)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_list_that_goes_on_behind_a_block_is_a_list(document):
    """An item that is no first one does not run on in the paragraph before it."""
    assert list(strays(read(document)[1].splitlines())) == []
    assert list(strays(["```sh", "```", "   as it was", "4. **Label**"])) == ["4. **Label**"]


# Where pictures are that are made by code and compared by a test: those of screens and pages, drawings.
MADE = (
    "tests/gateway/display/pictures",
    "tests/micropython/display/pictures",
    "tests/gateway/web/pictures",
    "tests/tools/screens/pictures",
    "hardware",
    "tools/lib/servers/operators",
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_picture_is_one_that_a_test_makes_again(document):
    """Nobody shows what was so once: a picture from elsewhere has no place in a document."""
    for picture in re.findall(r"!\[[^]]*\]\(([^)\s]+)\)|src=\"([^\"]+)\"", read(document)[1]):
        place = ((ROOT / document).parent / (picture[0] or picture[1])).resolve().relative_to(ROOT)
        assert str(place).startswith(tuple(f"{folder}/" for folder in MADE)), f"{document}: {place}"


def test_every_picture_of_the_page_is_shown():
    """None is kept that no document shows."""
    shown = "".join((ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS)
    kept = (ROOT / "tests/gateway/web/pictures").iterdir()
    assert [path.name for path in kept if f"pictures/{path.name}" not in shown] == []


ROOMS = sorted(
    path
    for above in ("gateway", "tools/lib", "micropython", "systemd")
    for path in (ROOT / above).iterdir()
    if path.is_dir()
    and any(path.glob("*.*"))
    and any(name.startswith(f"{above}/{path.name}/") for name in TRACKED.split("\0"))
)


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_room_says_what_is_in_it(room):
    """It has a README, which names most of its modules: whoever comes in knows where to begin."""
    text = (room / "README.md").read_text(encoding="utf-8")
    modules = [path.name for path in room.glob("*.py") if not path.name.startswith("__") and path.name != "options.py"]
    named = [name for name in modules if name in text]
    assert 2 * len(named) >= len(modules), sorted(set(modules) - set(named))


def test_each_tool_is_in_the_readme_of_the_tools():
    """Whoever looks for one finds it there, among those of who installs, who writes the program, who doubts it."""
    text = (ROOT / "tools" / "README.md").read_text(encoding="utf-8")
    folders = {path.name for path in ROOMS if path.parent.name == "lib"}
    assert [tool for tool in TOOLS if f"`{tool}`" not in text] == []
    assert [folder for folder in sorted(folders) if f"(lib/{folder})" not in text] == []


def linked_from(document):
    """The documents that a reader of this one can go to."""
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", re.sub(r"`[^`]*`", "", read(document)[1])):
        place = (ROOT / document).parent / target
        place = place / "README.md" if place.is_dir() else place
        if place.suffix == ".md" and place.exists() and place.resolve().is_relative_to(ROOT):
            yield str(place.resolve().relative_to(ROOT))


def test_every_document_is_reached_from_the_first_one():
    """Whoever begins at README.md and follows links finds each of them."""
    found, waiting = set(), ["README.md"]
    while waiting:
        if (document := waiting.pop()) not in found:
            found.add(document)
            waiting += linked_from(document)
    assert [name for name in DOCUMENTS if name not in found and "/texts/" not in name] == []


def test_nobody_is_told_to_install_a_name_that_is_not_ours():
    """No package index has this program: whoever takes the name there would run on a household's machine."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in tracked.splitlines():
        if name == "tests/test_docs.py" or (ROOT / name).is_symlink() or not (ROOT / name).exists():
            continue
        # In a catalogue each sentence ends with a NUL.
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore").replace("\0", "\n")
        told = re.search(
            r"\b(pipx?|uv)( tool| pip)? (install|run|download)[^\n]*\blinky.gateway|\blinky-gateway\[", text
        )
        assert told is None, f"{name}: {told}"


# ---- commands -----------------------------------------------------------------------------------------------------


def parser_of(words: list[str], parser: argparse.ArgumentParser) -> tuple[list[argparse.ArgumentParser], list[str]]:
    """The parsers that the first words lead to (several where they are joined by |), and the words that are left."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            if not words or not re.fullmatch(r"[a-z][a-z|-]*", words[0]):
                return [parser], words
            named = words[0].split("|")
            assert not set(named) - set(action.choices), f"there is no {words[0]}"
            if len(named) > 1:
                return [action.choices[name] for name in named], words[1:]
            return parser_of(words[1:], action.choices[named[0]])
    return [parser], words


def check_options(words: list[str], parser: argparse.ArgumentParser) -> None:
    """Every option in the words is one of the parser that they lead to."""
    parsers, rest = parser_of(words, parser)
    known = {option for one in parsers for action in one._actions for option in action.option_strings}
    for word in rest:
        if (option := word.strip("[]|…").partition("=")[0]).startswith("--"):
            assert option in known, f"{parsers[0].prog} has no {option}"


def commands_in(document: str) -> Iterator[list[str]]:
    """The words of every command of ours in ` marks, from the program on."""
    for span in spans(document):
        words = span.removeprefix("sudo ").replace("[", "").replace("]", "").split()
        if words[0] in PARSERS:
            yield words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_in_the_text_exists(document):
    """Subcommands and options of our programs between ` marks are those of their parsers."""
    for words in commands_in(document):
        try:
            check_options(words[1:], PARSERS[words[0]])
        except AssertionError as fault:
            pytest.fail(f"{document}: `{' '.join(words)}`: {fault}")


def our_part(command: str) -> list[str]:
    """The words of our program in a shell command: without sudo, and what stands before and after a pipe or >."""
    for part in re.split(r"\s[|&;]+\s|\s>\s", command):
        words = part.removesuffix("&").split() if "'" not in part else shlex.split(part)
        words = words[1:] if words[:1] == ["sudo"] else words
        if words and words[0].removeprefix("./") == "tools/linky-gateway":
            # The same commands, from a checkout.
            words[0] = "linky-gateway"
        if words and (words[0] in PARSERS or words[0].removeprefix("./").startswith("tools/")):
            return words
    return []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_in_a_block_is_understood(document):
    """The real parser takes it whole: nothing required is missing, nothing is unknown."""
    for command in shell_commands(document):
        words = our_part(command)
        if not words or words[0] not in PARSERS:
            continue
        said = StringIO()
        words = [EXAMPLES.get(word, word) for word in words]
        try:
            with redirect_stderr(said), redirect_stdout(said):
                PARSERS[words[0]].parse_args(words[1:])
        except SystemExit as end:
            assert end.code == 0, f"{document}: {command}: {said.getvalue()}"  # noqa: PT017 - --help ends with 0


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name.startswith(("gateway/", "README"))])
def test_what_root_is_to_type_is_whole(document):
    """A command with sudo in the text is not a name but one to type: its parser takes it as it stands."""
    for span in spans(document):
        if span.startswith(("sudo linky-gateway ", "sudo linky-display ")):
            words = shlex.split(span.partition(" > ")[0])[1:]
            said = StringIO()
            try:
                with redirect_stderr(said):
                    PARSERS[words[0]].parse_args(words[1:])
            except SystemExit:
                pytest.fail(f"{document}: `{span}`: {said.getvalue()}")


def tools_in(document: str) -> Iterator[list[str]]:
    """Every call of a tool in a document, blocks and text."""
    for command in shell_commands(document):
        if (words := our_part(command)) and "tools/" in words[0]:
            yield words
    for span in spans(document):
        words = span.removeprefix("sudo ").removeprefix("PYTHONPATH=. python ").split()
        if words and re.fullmatch(r"(\./)?tools/[a-z-]+", words[0]):
            yield words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_tool_exists_and_has_its_options(document):
    """A tool that a document calls is there, can be started, and its help names the option and the subcommand."""
    for words in tools_in(document):
        tool = words[0].removeprefix("./")
        if (ROOT / tool).is_dir():
            continue
        assert os.access(ROOT / tool, os.X_OK), f"{document}: {tool}"
        for word in words[1:]:
            option = word.strip("[]").partition("=")[0]
            # Every tool has --help (tests/tools/test_help.py), and tools/test hands its arguments to pytest.
            if (
                tool != "tools/test"
                and option != "--help"
                and (option.startswith("--") or re.fullmatch(r"[a-z]+(\|[a-z]+)+", option))
            ):
                for one in option.split("|"):
                    assert re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", help_of(tool)), f"{document}: {words}"


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser's commands by name; empty where it has none."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def test_the_table_of_commands_is_the_command_line():
    """Their table names every command of our programs and each of their actions, and no other."""
    table = read("gateway/commands/README.md")[1].partition("## All of them")[2]
    told: dict[tuple[str, str], set[str]] = {}
    for row in re.findall(r"^\| (.*?) \| ", table.replace(r"\|", "¦"), re.MULTILINE):
        program = None
        for span in re.findall(r"`([^`]+)`", row):
            words = span.split()
            if words[0] in PARSERS:
                program = words.pop(0)
            if program is None:
                continue
            for name in words[0].split("¦"):
                actions = words[1].split("¦") if len(words) > 1 and re.fullmatch("[a-z¦]+", words[1]) else []
                told.setdefault((program, name), set()).update(actions)
    for program, parser in PARSERS.items():
        commands = subcommands(parser)
        assert {name for one, name in told if one == program} == set(commands)
        for name, command in commands.items():
            assert told[program, name] == set(subcommands(command)), f"{program} {name}"


# ---- commands that are run -----------------------------------------------------------------------------------------

FOR_PEOPLE = (
    *("README.md", "gateway/README.md", "gateway/live/README.md"),
    *("gateway/federation/README.md", "gateway/display/README.md"),
)
# Command, up to a word's end -> why it is not run here.
NOT_RUN = {
    "./tools/demo": "installs Debian packages; tests/tools/demo/test_demo.py runs the program behind it",
    "./tools/test": "is what runs this test",
    "sudo tools/setup install": "changes the system; tests/tools/setup runs it on scratch systems",
    "sudo linky-gateway page code": "root's; the last block of the same document runs it without",
    "sudo linky-gateway roof-estimate": "wants a file of PVGIS; tests/gateway/commands/test_roof_estimate.py types it",
    "linky-gateway consume": "needs a gateway at a federation; tests/faults/test_chain.py runs it there",
    "linky-display png --page": "asks the broker of the house; tests/gateway/display/test_program.py runs it there",
    "sudo apt install python3-gpiozero": "changes the system; tests/integration/test_debian_python.py has Debian's",
    "sudo raspi-config": "a Raspberry Pi's; there is none",
    "sudo linky-setup broker": "changes the system; tests/tools/setup runs it on scratch systems",
    "sudo linky-gateway display add screen": "root's; tests/integration/test_maker.py lets one in and hears by it",
    "sudo systemctl enable --now linky-display": "changes the system; tests/units/ holds its unit",
    "journalctl -u linky-display": "reads the log of a service that does not run here",
    "linky-display run": "drives pins and buses; tests/gateway/display/test_program.py runs it on a board of its own",
    "linky-display off": "drives pins; tests/gateway/display/test_program.py runs it on a board of its own",
}
DEADLINE_S = 60


def reason(command: str) -> str | None:
    """Why a command is not run, or None."""
    return next((why for begin, why in NOT_RUN.items() if f"{command} ".startswith(f"{begin} ")), None)


def prepared(folder: Path, document: str) -> dict[str, str]:
    """A scratch folder in which a document's commands find what it says; the environment to run them in."""
    (folder / "tools").symlink_to(ROOT / "tools")
    (folder / "bin").mkdir()
    for program, module in (("linky-gateway", "gateway.commands.main"), ("linky-display", "gateway.display.cli")):
        start = folder / "bin" / program
        start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n', encoding="utf-8")
        start.chmod(0o755)
    for block in read(document)[0]:
        # A configuration in a document stands under the name that it is to have.
        above = (ROOT / document).read_text(encoding="utf-8").splitlines()[max(block.line - 3, 0) : block.line - 1]
        if block.language == "toml" and (named := re.search(r"`([a-z]+\.toml)`", " ".join(above))):
            (folder / named[1]).write_text(block.text, encoding="utf-8")
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    # As in an environment that is active: tools/linky-gateway takes it, and makes none.
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "VIRTUAL_ENV": sys.prefix}


def run_until_it_is_done(command: list[str], environment: dict[str, str]) -> None:
    """As a person does it: again, while what was started before is not yet there."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=DEADLINE_S)
        assert "Traceback" not in done.stderr, done.stderr
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"


@contextmanager
def in_the_background(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A command with & behind it, ended with the document's last one."""
    log = folder / "background.log"
    with log.open("ab") as said:
        running = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        try:
            yield
            assert running.poll() is None, log.read_text(encoding="utf-8")
        finally:
            running.terminate()
            running.wait(DEADLINE_S)


@pytest.mark.parametrize("document", FOR_PEOPLE)
def test_what_a_document_for_people_says_to_type_works(document):
    """Its commands in their order, as they stand, in a scratch folder: each ends with 0, or runs until the end."""
    with Alone() as machine, tempfile.TemporaryDirectory(prefix="linky-docs-") as name, ExitStack() as running:
        folder = Path(name)
        environment = prepared(folder, document)
        for command in shell_commands(document):
            if reason(command):
                continue
            if command.endswith(" &"):
                words = machine.words(*shlex.split(command.removesuffix(" &")), folder=folder)
                running.enter_context(in_the_background(words, folder, environment))
            else:
                run_until_it_is_done(machine.words("bash", "-c", command, folder=folder), environment)


# In a file that reads examples out of documents: where something is put in another's place, and why.
REPLACED = {
    r'path.write_text(path.read_text().replace("consumption/energy", "consumption/energx"))': "the journal is spoilt",
    r'acl.write_text(acl.read_text().replace("topic read homeassistant/status\n", "") + mine)': "a former list",
    r"text = text.replace(french, english)": "two languages are compared, nothing is run",
    r"text = text.replace(before, after)": "two folders; tests/walks/test_night.py has two machines",
}


def test_no_example_is_altered_before_it_is_run():
    """Who copies it from a document has it as it stands: so has the test, or it vouches for something else."""
    for path in (ROOT / "tests").rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        if path.name in {"test_docs.py", "markdown.py"} or not re.search(
            r"```(python|sh|toml)\\n|block\.language|tests\.markdown import .*\b(read|shell_commands)\b", code
        ):
            continue
        for line in map(str.strip, code.splitlines()):
            if re.search(r"\b(text|program|script|example|command|written)\.replace\(|\)\.replace\(", line):
                assert line in REPLACED, path.relative_to(ROOT)
    own = Path(__file__).read_text(encoding="utf-8")
    assert not re.search(r"\b(block\.text|command|written)\.replace\(", own.partition("REPLACED = {")[0])


def test_what_is_not_run_is_in_a_document():
    """No reason outlives its command."""
    commands = [command for document in FOR_PEOPLE for command in shell_commands(document)]
    for begin in NOT_RUN:
        assert any(f"{command} ".startswith(f"{begin} ") for command in commands), begin


HOUSEHOLDS = tuple(
    f"{room}/{name}"
    for room in ("gateway", "gateway/doctor", "gateway/privacy")
    for name in ("LISEZMOI.md", "README.md")
) + tuple(name for name in DOCUMENTS if name.startswith("gateway/web/help/guide/"))


@pytest.mark.parametrize("document", HOUSEHOLDS)
def test_pages_are_called_what_they_call_themselves(document):
    """What stands in *slanted* letters in a household's document is a title of the page of the house."""
    places = [*(ROOT / "gateway/web").rglob("*words.py"), *(ROOT / "gateway/words").rglob("*.po")]
    titles = "".join(file.read_text(encoding="utf-8") for file in places)
    for name in re.findall(r"(?<![*\w])\*([^*\n]+)\*(?![*\w])", re.sub(r"`[^`]*`", "", read(document)[1])):
        assert f'"{name}"' in titles, f"{document}: {name}"


# ---- configuration ------------------------------------------------------------------------------------------------


def tables_of(struct: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    """The tables of a configuration: name in the file -> its structure."""
    found = {}
    for field in msgspec.structs.fields(struct):
        pending = [field.type]
        while pending:
            kind = pending.pop()
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                found[field.encode_name] = kind
            elif isinstance(kind, UnionType) or get_args(kind):
                pending += [one for one in get_args(kind) if one is not Ellipsis]
    return found


def keys_of(struct: type[msgspec.Struct]) -> set[str]:
    """Every key of a configuration, tables' keys and theirs included."""
    keys = {field.encode_name for field in msgspec.structs.fields(struct)}
    return keys.union(*(keys_of(table) for table in tables_of(struct).values()))


FIRST_BOOT_KEYS = set(
    re.findall(r"^([a-z_]+) =|^\[([a-z]+)\]", (ROOT / "gateway/first_boot/README.md").read_text(), re.M)
)
KNOWN_KEYS = (
    keys_of(config.Config)
    | keys_of(display_config.DisplayConfig)
    | keys_of(collector_config.CollectorConfig)
    | keys_of(bridges_config.BridgeConfig)
    | keys_of(SupplierOffer)
    | keys_of(OperationTable)
    | {key or table for key, table in FIRST_BOOT_KEYS}
    | {"account", "updates", "port", "uart", "configuration", "page", "boards"}  # answers of tools/setup
)
# Lines of other programs' files, and variables, that look like ours.
SERVERS = ("tools/lib/servers/README.md", "tools/lib/servers/LISEZMOI.md")
FOREIGN = {"enable_uart", "dtoverlay", "dtparam", "autosave_interval", "x", "clock"}


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name not in SERVERS])
def test_every_configuration_key_exists(document):
    """`[table]`, `[[table]]` and `key = value` in a document are those of a configuration of ours."""
    tables = (
        set(tables_of(config.Config))
        | set(tables_of(display_config.DisplayConfig))
        | set(tables_of(collector_config.CollectorConfig))
        | set(tables_of(bridges_config.BridgeConfig))
        | set(tables_of(SupplierOffer))
        | set(tables_of(OperationTable))
        | {"wifi", "account", "page"}
    )
    for span in spans(document):
        if found := re.fullmatch(r"\[{1,2}([a-z_]+)\]{1,2}", span):
            assert found[1] in tables, f"{document}: {span}"
        elif found := re.fullmatch(r"([a-z_]+) = (.+)", span):
            assert found[1] in KNOWN_KEYS | FOREIGN, f"{document}: {span}"


@pytest.mark.parametrize("document", SERVERS)
def test_what_a_server_is_told_is_what_the_servers_of_the_tests_are_told(document):
    """A setting in the document for operators stands in the configuration that the tests start; times may be longer."""
    settings_of = "".join(
        (ROOT / "tools/lib/servers" / name).read_text(encoding="utf-8") for name in ("ejabberd.yml", "prosody.cfg.lua")
    )
    named = [span for span in spans(document) if re.fullmatch(r"[a-z0-9_]+(: | = ).+", span)]
    assert len(named) >= 8
    for span in named:
        wanted = span.split(":")[0] + ":" if span.startswith("s2s_max_retry_delay") else span
        assert re.search(rf"^{re.escape(wanted)}", settings_of, re.MULTILINE), span


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_configuration_in_a_block_is_accepted(document, tmp_path):
    """A toml block is a whole configuration of one of our programs that is loaded, or a part that is completed."""
    (tmp_path / "password").write_text("secret-secret\n")
    for block in read(document)[0]:
        if block.language != "toml":
            continue
        if "[wifi]" in block.text or "[page]" in block.text:
            read_as, faults = settings.parse(block.text.encode())
            assert read_as, faults
            continue
        if "[[when]]" in block.text:
            (tmp_path / "offer.toml").write_text(block.text, encoding="utf-8")
            read_offer(tmp_path / "offer.toml")
            continue
        if "[[producer]]" in block.text:
            (tmp_path / "operation.toml").write_text(block.text, encoding="utf-8")
            read_operation(tmp_path / "operation.toml")
            continue
        raw = tomllib.loads(block.text)
        if "shares" in raw:
            (tmp_path / "roof.toml").write_text(block.text, encoding="utf-8")
            read_roof(tmp_path / "roof.toml")
            continue
        if "jid" in raw:
            loader = fleet.read_account
        elif isinstance(raw.get("household"), list) or "own" in raw:
            loader = bridges_config.load
        elif set(raw) & set(tables_of(display_config.DisplayConfig)) and "meter" not in raw:
            loader = display_config.load
        elif set(raw) <= set(tables_of(collector_config.CollectorConfig)):
            loader = collector_config.load
        else:
            loader = config.load
        file = tmp_path / "it.toml"
        whole = block.text if "meter" in raw or loader is not config.load else METER + block.text
        file.write_text(BRIDGED + whole if "own" in raw else whole)
        loader(file)


# What the demonstration has for a bridge that is tried there.
BRIDGED = """
[federation]
jid = "bridge@example.org"
[[household]]
name = "demo"
gateway = "maison@example.org/proxy"
identifier = "maison@example.org/ab12@example.org"
"""
METER = '[[meter]]\nsource = "/dev/ttyTIC"\n'


# ---- what is made -------------------------------------------------------------------------------------------------


def test_the_parts_that_are_made_from_code_are_up_to_date():
    """The doctor's sentences and the servers' settings in the documents are those of the code and of the tests."""
    assert not documents.outdated(), "tools/documents"


@pytest.mark.usefixtures("schemdraw", "ngspice")
def test_drawings_and_tables_that_are_made_anew_do_not_differ():
    """All that hardware/ shows, by its own program: schematics, strip board, wiring, curves, simulated tables."""
    command = [sys.executable, "hardware/make.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "python hardware/make.py"
