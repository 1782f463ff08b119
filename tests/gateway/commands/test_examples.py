"""What each ``--help`` says to type is true: its parser takes it, and what can be typed in a scratch house is typed."""

import os
import pty
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from gateway.commands import main as cli
from gateway.commands import options
from gateway.commands.examples import EXAMPLES
from gateway.commands.main import main
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.store.terms import Terms
from tests.gateway.commands.test_cli import FRAMES
from tests.gateway.store.conftest import START, frame
from tests.prepared import prepare

ROOT = Path(__file__).parents[3]
EVERY = [(name, text) for name, texts in EXAMPLES.items() for text in texts]

HISTORY = Path(__file__).parents[1] / "household" / "past" / "samples" / "enedis"

COOP = "coop@example.org"

# Command, up to a word's end -> why it is not typed here.
NOT_TYPED = {
    "run": "goes on running; tests/gateway/commands/test_cli.py runs it",
    "watch": "wants a daemon or a broker; tests/gateway/live types it there",
    "metrics": "wants a daemon; tests/gateway/live types it there",
    "doctor": "wants a meter's port; tests/gateway/doctor types it there",
    "account": "wants a server; tests/gateway/federation types it there",
    "consume": "wants a gateway at a federation; tests/faults types it there",
    "fleet": "wants an account at a server; tests/integration types it there",
    "board add": "wants a card that tools/flash wrote; tests/gateway/commands/test_board.py types it there",
    "board forget": "wants a board; tests/gateway/commands/test_board.py types it there",
    "board update": "wants a board that listens; tests/micropython/update types it there",
    "display": "writes mosquitto's files; tests/gateway/commands/test_display.py types it there",
    "page": "wants a daemon; tests/gateway/web types it there",
    "notice": "wants a daemon; tests/integration/test_notices.py types it there",
    "access-point": "wants a radio; tools/access-point starts it in a machine that has one",
    "helper": "wants systemd; tests/units asks it in a container",
    "first-boot": "writes below /; tests/gateway/first_boot types it on scratch systems",
    "restore": "asks for a passphrase; tests/gateway/backup types it",
    "backup": "asks for a passphrase; tests/gateway/backup types it",
    "privacy import": "wants a gateway that has nothing yet; tests/gateway/privacy types it there",
    "privacy erase": "asks on a terminal whether it is meant; tests/gateway/privacy types it there",
    "received history": "wants a [[received]]; tests/gateway/commands/test_received.py types it there",
    "roof-estimate": "wants a file of PVGIS; tests/gateway/commands/test_roof_estimate.py types it there",
    "operation": "wants what an organiser signed; tests/gateway/commands/test_operation.py types it there",
    "join": "wants an invitation and who gave it; tests/gateway/collector/test_joining.py types it there",
    "update": "wants a daemon; tests/gateway/upkeep types it there",
    "privacy rotate": "wants a consent under a pseudonym; tests/gateway/privacy types it there",
}
_TWO_FILES = ("linky-gateway history add Enedis_Conso_Heure.csv Enedis_Conso_Jour.csv --yes",)
# What ends otherwise in a house whose gateway does not run.
ENDS_WITH = {"status": 1, "consent compare": 1}
# Of what there is only one of (a request), the first example alone is typed.
ONCE = ("consent answer",)
# Before each of these is typed, that is.
AFTER = {
    "journal verify": ("linky-gateway journal export > journal.jsonl", "linky-gateway journal key > journal.key"),
    "privacy rectify": EXAMPLES["reading add"],
    "cost": EXAMPLES["reading add"][:1],
    "settings unset": EXAMPLES["settings set"][:1],
    "history undo": _TWO_FILES,
    "history file": _TWO_FILES,
    "history forget": _TWO_FILES,
}
# These want that somebody has a consent.
OF_A_RECIPIENT = ("consent revoke", "consent limit", "consent resume", "privacy notice")


def why_not(name):
    """Why an example is not typed, or None."""
    return next((why for begin, why in NOT_TYPED.items() if f"{name} ".startswith(f"{begin} ")), None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to type in: a house with readings and a request, a capture, a program of that name."""
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n'
        '[[tariff]]\nname = "A"\nfrom = 2020-01-01\nprices = { base = 0.2 }\n'
        '[[volume_tariff]]\nof = "water"\nfrom = 2020-01-01\nper_m3 = 4.34\n'
    )
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12")
        recorder = Recorder("house", {})
        for second in range(0, 7200, 60):
            recorder.add(frame(START + second, power=450, index=1000 + second))
        store.batches.write([recorder.take()], START + 7300)
        store.journal.append("restarted", {"version": "0"})
        store.access.ask(
            "coop@example.org", "ab12", "consumption", Granularity.HALF_HOUR, Terms(purpose="x"), time.time()
        )
    shutil.copy(FRAMES / "real" / "h1-base-linky-enedis.raw", tmp_path / "capture.raw")
    shutil.copy(HISTORY / "heure-spring.csv", tmp_path / "Enedis_Conso_Heure.csv")
    shutil.copy(HISTORY / "jour-aberrant-index.csv", tmp_path / "Enedis_Conso_Jour.csv")
    monkeypatch.setattr(options, "DEFAULT_CONFIG", config)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.chdir(tmp_path)
    start = tmp_path / "bin" / "linky-gateway"
    start.parent.mkdir()
    imports = "import sys\nfrom pathlib import Path\nfrom gateway.commands import options\n"
    program = f"{imports}options.DEFAULT_CONFIG = Path({str(config)!r})\nfrom gateway.commands.main import main\n"
    start.write_text(f"#!{sys.executable}\n{program}sys.exit(main())\n")
    start.chmod(0o755)
    monkeypatch.setenv("PATH", f"{start.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def typed(text):
    """Type it, as a person does who reads and says yes; the exit code."""
    command = text.removeprefix("sudo ")
    if "|" in command or ">" in command:
        return subprocess.run(["bash", "-o", "pipefail", "-c", command], check=False, timeout=60).returncode
    words = shlex.split(command)[1:]
    if words[:2] == ["history", "add"] and not {"--yes", "--dry-run"} & {*words}:
        return on_a_terminal(command)
    if words[:2] in (["consent", "grant"], ["consent", "answer"]) and "--no" not in words:
        return on_a_terminal(command)
    try:
        return main(words)
    except SystemExit as end:
        return end.code


def on_a_terminal(command):
    """With a terminal before it, at which "yes" is typed."""
    here, there = pty.openpty()
    with subprocess.Popen(shlex.split(command), stdin=there, stdout=there, stderr=there) as running:
        os.close(there)
        os.write(here, b"yes\n")
        said = b""
        try:
            while chunk := os.read(here, 65_536):
                said += chunk
        except OSError:
            # The other side of a terminal is closed so.
            pass
        code = running.wait(60)
    os.close(here)
    assert b"Traceback" not in said, said.decode()
    return code


@cache
def whole_parser():
    """Of every command: it takes as long to be made as a command to be understood."""
    return cli._parser()


def leaves(parser, name=""):
    """Every command that does something."""
    commands = parser.commands()
    if not commands:
        yield name
    for word, below in commands.items():
        yield from leaves(below, f"{name} {word}".strip())


def test_every_command_has_an_example():
    """And there is none of a command that is no more; no reason outlives its command."""
    names = set(leaves(whole_parser()))
    assert set(EXAMPLES) - {""} == names
    assert [begin for begin in NOT_TYPED if not any(f"{name} ".startswith(f"{begin} ") for name in names)] == []


@pytest.mark.parametrize(("name", "text"), EVERY, ids=[text for _, text in EVERY])
def test_an_example_is_of_its_command_and_understood(name, text, tmp_path, monkeypatch):
    """The real parser takes it whole."""
    (tmp_path / "journal.key").write_text("00" * 32)
    monkeypatch.chdir(tmp_path)
    command = next(part for part in text.split("|") if "linky-gateway" in part).partition(" > ")[0].partition(" < ")[0]
    words = shlex.split(command.strip().removeprefix("sudo "))
    assert " ".join(words[1:]).startswith(name)
    if "--help" not in words:
        assert whole_parser().parse_args(words[1:]).run


@pytest.mark.parametrize("name", list(leaves(whole_parser())))
def test_the_help_shows_them(name, capsys):
    """As they stand, each on its line."""
    with pytest.raises(SystemExit):
        main([*name.split(), "--help"])
    out = capsys.readouterr().out
    for text in EXAMPLES[name]:
        assert f"\n  {text}\n" in out


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name and not why_not(name)])
def test_what_can_be_typed_ends_well(folder, name):
    """In a scratch house, unchanged, one after the other; what comes before it is typed before it."""
    for text in EXAMPLES[name][: 1 if name in ONCE else None]:
        for before in AFTER.get(name, ()):
            assert typed(before) == 0, before
        if name in OF_A_RECIPIENT:
            with closing(Store(folder / "data")) as store:
                store.consents.grant(COOP, "house", "consumption/energy", Granularity.HALF_HOUR, 2**31, time.time())
        assert typed(text) == ENDS_WITH.get(name, 0), text
