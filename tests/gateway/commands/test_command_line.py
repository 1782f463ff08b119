"""What a person gets who types a command that cannot be, or none: a sentence with the nearest word, in the language."""

import asyncio
import json
import random
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.commands import examples, overview
from gateway.commands import main as cli
from gateway.commands.main import main
from gateway.control.messages import Status
from gateway.control.unix_socket import serve
from gateway.errors import EXITS, Exit, GatewayError
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from tests.gateway.commands.test_cli import FRAMES
from tests.gateway.store.conftest import START, frame
from tests.prepared import prepare

FRENCH, ENGLISH = "fr_FR.UTF-8", "en_GB.UTF-8"


def said(capsys, monkeypatch, lang, *words):
    """The exit code, and what was said on standard output and beside it."""
    monkeypatch.setenv("LC_ALL", lang)
    try:
        code = main(list(words))
    except SystemExit as end:
        code = end.code
    return code, *capsys.readouterr()


# ---- no command, or another -----------------------------------------------------------------------------------------


def test_without_a_word_it_says_what_there_is_by_purpose(capsys, monkeypatch):
    """Each command once, in the language; and as nothing was done, no success for a script whose word was empty."""
    names = set(cli._parser().commands())
    for lang, first, purpose in ((FRENCH, "lit un compteur Linky", "Partager"), (ENGLISH, "reads a Linky", "Share")):
        code, out, err = said(capsys, monkeypatch, lang)
        assert (code, out) == (Exit.USAGE, "")
        assert first in err.splitlines()[0]
        assert f"\n{purpose}\n" in err
        shown = [line.split()[0] for line in err.splitlines() if line.startswith("  ")]
        assert sorted(shown) == sorted(names)
        assert "error" not in err
        assert max(map(len, err.splitlines())) <= 130
    assert [name for _, commands in overview.PURPOSES for name in commands if name not in names] == []


@pytest.mark.parametrize(
    ("words", "french", "english"),
    [
        (
            ["statsu"],
            "'statsu' n’est pas une commande ; peut-être status",
            "'statsu' is no command; did you mean status",
        ),
        (["consent", "revok", "x"], "'revok' n’est pas une commande ; peut-être revoke", "did you mean revoke"),
        (
            ["consent"],
            "consent : ajoutez l’un de : grant, revoke, limit,",
            "consent: add one of: grant, revoke, limit,",
        ),
        (
            ["export", "--format", "csv", "--granularity", "30min"],
            "export : --granularity : '30min' n’est pas un choix ; l’un de : finest, raw, PT1M, PT15M, PT30M, P1D ;"
            " peut-être PT30M",
            "export: --granularity: '30min' is no choice; one of: finest, raw, PT1M, PT15M, PT30M, P1D; did you mean"
            " PT30M",
        ),
        (["export"], "export : il manque --format", "export: --format is missing"),
        (["status", "--jsonn"], "--jsonn n’est pas connu ici ; peut-être --json", "--jsonn is not known here; did you"),
        (
            ["events", "--from", "hier"],
            "--from : 'hier' n’est pas une date telle que 2026-11-25",
            "'hier' is not a time",
        ),
        (["doctor", "--seconds"], "--seconds : il manque la valeur", "--seconds: its value is missing"),
        (["doctor", "--seconds", "dix"], "--seconds : 'dix' n’est pas un nombre", "--seconds: 'dix' is no number"),
        (["consent", "grant", "a@b.test", "--no", "--health"], "--no peut être --no-push, --no-history", "--no may be"),
        (["consent", "grant", "a@b.test"], "il faut l’un de : --series, --health", "one of these is needed: --series"),
        (
            ["consent", "grant", "a@b.test", "--series", "x", "--health"],
            "--health et --series ne vont pas ensemble",
            "--health and --series do not go together",
        ),
        (["fleet", "status", "--timeout", "0"], "--timeout : '0' : de 1 à 600 secondes", "'0' is not 1 to 600 seconds"),
    ],
)
def test_a_wrong_use_is_a_sentence_with_the_nearest_word(capsys, monkeypatch, words, french, english):
    """Two lines: what is wrong, and where it is explained; no word of a library's, no list of all that there is."""
    for lang, sentence in ((FRENCH, french), (ENGLISH, english)):
        code, out, err = said(capsys, monkeypatch, lang, *words)
        assert (code, out) == (Exit.USAGE, "")
        assert sentence in err
        assert err.count("\n") == 2
        assert "usage:" not in err
    assert "invalid" not in err


def test_the_language_of_a_wrong_use_is_that_which_was_typed_or_the_households(tmp_path, capsys, monkeypatch):
    """``--lang`` wins, then the environment, then ``language`` of the configuration that was named."""
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[[meter]]\nsource = "/dev/ttyTIC"\n[federation]\njid = "maison@e.test"\n'
        '[household]\naddress = "moi@e.test"\nlanguage = "en"\n'
    )
    assert "is not known" in said(capsys, monkeypatch, FRENCH, "status", "--lang", "en", "--jsonn")[2]
    for name in ("LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert (
        "'hier' is not a time" in said(capsys, monkeypatch, "C", "events", "--config", str(config), "--from", "hier")[2]
    )
    assert "n’est pas une date" in said(capsys, monkeypatch, "C", "events", "--from", "hier")[2]


# ---- what a command costs -------------------------------------------------------------------------------------------


def test_each_word_is_declared_by_whom_the_table_names():
    """A command alone is the same as among all of them; without one all are there, in the order of the table."""
    everything = cli._parser().commands()
    assert list(everything) == list(cli.WORDS)
    for name in cli.WORDS:
        alone = cli._parser(name).commands()
        assert list(alone) == [name]
        assert alone[name].format_help() == everything[name].format_help()


SHARED = {"__init__", "asking", "examples", "main", "options", "overview", "usage"}


def test_each_word_is_the_file_of_its_name():
    """Any other file begins with the word whose work it does, or is one of the few that several words share."""
    files = {path.stem for path in Path(cli.__file__).parent.glob("*.py")}
    words = {word.replace("-", "_") for word in cli.WORDS}
    assert words | SHARED <= files
    parts = files - words - SHARED
    assert [part for part in sorted(parts) if not any(part.startswith(f"{word}_") for word in words)] == []


_IMPORTED = """
import sys
from gateway.commands.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print("", *sys.modules, sep="\\n")
sys.exit(code)
"""
_HEAVY = {"asyncio", "cryptography", "slixmpp", "sqlite3", "sqlite_utils", "ssl", "xml.sax", "aiomqtt", "microdot"}
_OF_EVERY_COMMAND = {"main", "options", "overview", "usage"}
_OF_NO_OTHER = {
    "gateway.daemon.app",
    "gateway.process.cells",
    "gateway.federation.wire.stanza",
    "gateway.household.share",
    "gateway.tic.reading",
}


@pytest.mark.parametrize(
    ("words", "own", "spared"),
    [
        (["--version"], set(), {"gateway.config.tables", "msgspec"}),
        (["consent", "list"], {"asking", "consent"}, {"gateway.control.orders", "gateway.links.link"}),
        (
            ["consent", "grant", "--help"],
            {"asking", "consent", "examples"},
            {"gateway.config.tables", "gateway.control.orders", "msgspec"},
        ),
        (["status"], {"status"}, {"gateway.control.orders", "gateway.store.store"}),
    ],
)
def test_a_command_starts_without_what_others_need(tmp_path, words, own, spared):
    """No library of the daemon's, no other command: on a Pi Zero all of them together are seconds at each start."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n')
    (tmp_path / "data").mkdir()
    done = asyncio.run(_beside_a_daemon(tmp_path / "data" / "control.sock", [*words, "--config", config]))
    imported = set(done.splitlines())
    assert "gateway.commands.usage" in imported
    assert imported & (_HEAVY | _OF_NO_OTHER | spared) == set()
    of_commands = {name.removeprefix("gateway.commands.") for name in imported if name.startswith("gateway.commands.")}
    assert of_commands == _OF_EVERY_COMMAND | own


async def _beside_a_daemon(path, words):
    async def handler(request):
        return {"running": True, "links": [], "alerts": []} if isinstance(request, Status) else []

    server = await serve(path, handler)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _IMPORTED, *map(str, words)),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(cli.__file__).parents[2],
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        return out.decode()
    finally:
        await server.end()


# ---- exit codes -----------------------------------------------------------------------------------------------------


def kinds(error):
    """An error and all its kinds."""
    yield error
    for kind in error.__subclasses__():
        yield from kinds(kind)


def test_every_exit_code_is_in_the_table_and_the_table_in_the_help(capsys, monkeypatch):
    """What a script may wait for is said where a person looks for it."""
    assert set(EXITS) == set(Exit)
    assert {kind.exit_code for kind in kinds(GatewayError)} <= set(Exit)
    code, out, _ = said(capsys, monkeypatch, ENGLISH, "--help")
    assert code == 0
    for one in Exit:
        assert f"\n  {one.value:<4} {EXITS[one]!s}\n" in out
    assert examples.exit_codes("fr").count("\n") == len(Exit)


# ---- what is no TIC, and no series ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [random.Random(17).randbytes(20_000), b'[[meter]]\nsource = "x"\n', b"", b"\n" * 500]
)
def test_what_is_no_capture_is_said_to_be_none(tmp_path, capsys, monkeypatch, content):
    """Random bytes, a text, nothing: the summary stands there, and it is no success."""
    file = tmp_path / "capture.raw"
    file.write_bytes(content)
    code, out, err = said(capsys, monkeypatch, FRENCH, "decode", str(file))
    assert code == Exit.DATA
    assert json.loads(out.splitlines()[-1])["summary"]["groups"] == 0
    assert err.startswith(f"linky-gateway: {file} : pas de TIC dedans")
    assert err.count("\n") == 1


def test_a_capture_among_other_files_is_decoded_and_the_others_named(tmp_path, capsys, monkeypatch):
    """Nothing that can be read is lost for what cannot be."""
    (tmp_path / "notes.txt").write_text("rien")
    good = FRAMES / "real" / "h1-base-linky-enedis.raw"
    code, out, err = said(capsys, monkeypatch, ENGLISH, "decode", str(good), str(tmp_path / "notes.txt"))
    assert (code, json.loads(out.splitlines()[-1])["summary"]["whole"]) == (Exit.DATA, 1)
    assert f"{tmp_path / 'notes.txt'}: no TIC in it" in err
    assert str(good) not in err


def test_every_captured_line_is_believed(capsys, monkeypatch):
    """No capture of a real meter is taken for something else, damaged ones included."""
    for file in sorted((FRAMES / "real").glob("*.raw")):
        assert said(capsys, monkeypatch, ENGLISH, "decode", str(file))[::2] == (0, ""), file


def test_the_other_mode_is_said_to_be_the_other_one(capsys, monkeypatch):
    """Whoever chose the mode gets told that this may be it."""
    file = FRAMES / "real" / "h1-base-linky-enedis.raw"
    code, _, err = said(capsys, monkeypatch, ENGLISH, "decode", "--mode", "standard", str(file))
    assert (code, "nothing that a meter in mode standard says; try it without --mode" in err) == (Exit.DATA, True)


@pytest.fixture
def house(tmp_path):
    """A configuration, and a database with a minute of power."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house")
        recorder = Recorder("house", {})
        recorder.add(frame(START, power=450, index=1000))
        recorder.add(frame(START + 60, power=460, index=1010))
        store.batches.write([recorder.take()], START + 300)
    return config


def test_an_export_of_what_is_no_series_says_so(house, capsys, monkeypatch):
    """Nothing is written, not even a heading; what is near is named."""
    words = ["export", "--format", "csv", "--config", str(house), "--series"]
    code, out, err = said(capsys, monkeypatch, FRENCH, *words, "consumption/energie")
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith(
        "linky-gateway: série 'consumption/energie' : il n’y en a pas de ce nom ; peut-être consumption"
    )
    assert said(capsys, monkeypatch, ENGLISH, *words, "foo/bar")[0] == Exit.USAGE


def test_an_export_without_a_point_is_a_success_that_says_so(house, capsys, monkeypatch):
    """A series that may come, a time in which nothing was: the heading, and a word beside it."""
    words = ["export", "--format", "csv", "--config", str(house)]
    for more in (["--series", "water"], ["--to", "2001-01-01"]):
        code, out, err = said(capsys, monkeypatch, ENGLISH, *words, *more)
        assert (code, out.count("\n")) == (0, 1)
        assert err == "linky-gateway: no stored point is what was asked for\n"
    code, out, err = said(capsys, monkeypatch, ENGLISH, *words)
    assert (code, out.count("\n") > 1, err) == (0, True, "")


def test_the_many_options_of_a_consent_stand_in_groups(capsys, monkeypatch):
    """By what they are about: what is given, how much of it, who says so, under which name."""
    _, out, _ = said(capsys, monkeypatch, ENGLISH, "consent", "grant", "--help")
    groups = [line.rstrip(":") for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert groups == [
        *("positional arguments", "options", "less than all from now on"),
        *("what the recipient has said of itself, for the text and the record", "under which name, and how exactly"),
        "examples",
    ]
