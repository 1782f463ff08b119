"""A sink that somebody else has written: made with what is said of it; what is wrong with it is one sentence."""

import asyncio

import pytest

from gateway.bridges.config import OwnTable, load
from gateway.bridges.own import GROUP, load_sink
from gateway.errors import ConfigError
from tests.gateway.bridges.test_web_sinks import START, value
from tests.markdown import read

(LINES,) = (block.text for block in read("gateway/bridges/README.md")[0] if "class LinesSink" in block.text)


def table(sink="LinesSink", **given):
    """The table of a class in ``own.py``."""
    return OwnTable(file="own.py", sink=sink, given=given)


def test_the_example_of_the_document_writes_a_line_for_each_value(tmp_path):
    """Household, path, time, value and unit; both calls from a thread."""
    (tmp_path / "own.py").write_text(LINES)
    sink = load_sink(tmp_path / "own.py", table(path=str(tmp_path / "out")), None)
    values = [value("consumption/power/apparent/raw", START, 230)]
    assert asyncio.run(sink.missing(values)) == values
    asyncio.run(sink.send(values))
    line = (tmp_path / "out").read_text().split()
    assert line[1:4] == ["consumption/power/apparent/raw", str(START), "230"]
    assert sink.most == 1000


def install(folder, name, words):
    """A package of one module, as pip lays one out, with its entry point."""
    (folder / f"{name}.py").write_text(words)
    place = folder / f"{name}-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (place / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}:LinesSink\n")


def test_an_installed_package_s_sink_is_found_by_its_name(tmp_path, monkeypatch):
    """Without a file; one that nobody offers, or that cannot be loaded, is a sentence."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "linky_lines_of_a_test", LINES)
    install(tmp_path, "linky_broken_of_a_test", "import nowhere_to_be_found\n")
    sink = load_sink(None, OwnTable(sink="linky_lines_of_a_test", given={"path": str(tmp_path / "out")}), None)
    asyncio.run(sink.send([value("consumption/power/apparent/raw", START, 230)]))
    assert (tmp_path / "out").read_text().split()[3] == "230"
    with pytest.raises(ConfigError, match=r"own.sink: linky_gateway.sinks has no class Nobodys"):
        load_sink(None, OwnTable(sink="Nobodys"), None)
    with pytest.raises(ConfigError, match=r"own.sink: linky_broken_of_a_test of .* cannot be loaded: ModuleNotFound"):
        load_sink(None, OwnTable(sink="linky_broken_of_a_test"), None)


def test_its_token_is_among_its_words(tmp_path):
    """Where there is one; a class that wants none is told of none."""
    (tmp_path / "own.py").write_text(
        "class One:\n    most = 1\n    missing = send = None\n"
        "    def __init__(self, token):\n        assert token == 'secret'\n"
    )
    assert load_sink(tmp_path / "own.py", table("One"), "secret").most == 1


def test_it_may_be_a_dataclass(tmp_path):
    """With annotations that are text, which looks for its module."""
    (tmp_path / "own.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n"
        "@dataclass\nclass One:\n    path: str\n    most = 1\n    missing = send = None\n"
    )
    assert load_sink(tmp_path / "own.py", table("One", path="x"), None).most == 1


@pytest.mark.parametrize(
    ("text", "sink", "given", "said"),
    [
        ("class Other:\n    pass\n", "One", {}, "own.sink: .*own.py has no class One"),
        ("One = 5\n", "One", {}, "has no class One"),
        ("class One:\n    most = 1\n", "One", {}, "own.sink: One of .* lacks missing, send"),
        ("class One:\n    most = 1\n", "One", {"path": "x"}, "own.given: One takes other words: .*"),
        ("class One:\n\nx = 1\n", "One", {}, "own.py, line 3: "),
        (
            "class One:\n    most = 1\n    missing = send = None\n    def __init__(self):\n        int('x')\n",
            "One",
            {},
            "own.given: One could not be made: ValueError",
        ),
        ("import sys\n\nraise ValueError('no')\n", "One", {}, r"own.py, line 3: ValueError\('no'\)"),
    ],
)
def test_what_is_wrong_with_it_is_a_sentence_that_says_where(tmp_path, text, sink, given, said):
    """No class, other words, a call that is missing, a line that is no Python, one that fails."""
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_sink(tmp_path / "own.py", table(sink, **given), None)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    """As is one that is no text."""
    with pytest.raises(ConfigError, match=r"own.file: .*own.py: cannot be read: No such file"):
        load_sink(tmp_path / "own.py", table(), None)
    (tmp_path / "own.py").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"own.file: .*cannot be read: "):
        load_sink(tmp_path / "own.py", table(), None)


def test_the_table_is_checked(tmp_path):
    """A word that is none of a value's kinds is refused with its place."""
    file = tmp_path / "bridge.toml"
    file.write_text(
        '[federation]\njid = "a@b"\n[[household]]\nname = "x"\ngateway = "a@b/c"\nidentifier = "a@b/s@b"\n'
        '[own]\nfile = "own.py"\nsink = "not a name"\n'
    )
    with pytest.raises(ConfigError, match=r"\[own\] sink"):
        load(file)
