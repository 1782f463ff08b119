"""Every file that stands for something real is in ``STANDINS.md``, with what it stands for and in what it differs.

What is found: what says so itself, and the usual means (a program put first in PATH, a clock of one's own, a pty, a
server, an authority, modules put in place, a system made of packages). Where such means stand for nothing real, the
second table of that document says why.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).parent / "STANDINS.md"
OTHERS = {".svg", ".png", ".json", ".raw", ".csv", ".txt", ".md", ".js"}
SIGNS = {
    "says so": r"[Ss]tand-in|\bStands? (?:for|where)\b|(?:It|``\w+``) stands for|[Mm]ade-up|\b[Mm]ock\b|In place of a",
    "name": r"\bclass \w*(?:Fake|Mock|Stub|Dummy|StandIn)|\A\S*(?:stand_?in|/unix/)|\Atools/lib/meter/__init__",
    "module put in place": r"sys\.modules\[[^]]+\] =|setitem\(sys\.modules",
    "program first in PATH": r"\bPATH\b[\s\S]*chmod\(0o755\)|chmod\(0o755\)[\s\S]*\bPATH\b",
    "clock": r"LD_PRELOAD|libfaketime",
    "serial port": r"openpty\(",
    "server": r"start_server\(|create_server\(|HTTPServer\(",
    "authority": r"req\", \"-x509|openssl req|CertificateBuilder",
    "broker": r"allow_anonymous",
    "system": r"\"mmdebstrap\"|systemd-nspawn\b|qemu-system-",
}


def text_of(path):
    """Its text; empty where it is none, and of this check itself."""
    if path.suffix in OTHERS or path == Path(__file__):
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def found():
    """File -> by which signs."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "tests", "tools"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    signs = {name: re.compile(pattern) for name, pattern in SIGNS.items()}
    files = {}
    for name in listed.stdout.splitlines():
        path = ROOT / name
        text = f"{name}\n{text_of(path)}" if path.is_file() and text_of(path) else ""
        if by := [sign for sign, pattern in signs.items() if pattern.search(text)]:
            files[name] = by
    return files


def tables():
    """The two tables: file -> the other cells."""
    tables, rows = [], None
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            rows = None
        elif rows is None:
            tables.append(rows := {})
        elif set(line) - set("|-"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                assert name not in rows, f"{name} is there twice"
                rows[name] = cells[1:]
    return tables


@pytest.fixture(scope="module")
def standing():
    """The tables as they are published: what stands for something, what does not."""
    return tables()


def test_every_stand_in_is_in_the_table(standing):
    """And what is found by its means alone is in one of both, with a word why."""
    known = {name for table in standing for name in table}
    assert {name: by for name, by in found().items() if name not in known} == {}


def test_the_table_names_nothing_that_is_gone(standing):
    """Each is a file, and is in one table; what only looks like one still does."""
    assert [name for table in standing for name in table if not (ROOT / name).is_file()] == []
    assert not set(standing[0]) & set(standing[1])
    assert set(standing[1]) <= set(found())


def test_each_row_says_what_it_stands_for_where_that_was_read_and_in_what_it_differs(standing):
    """Four cells, none of them empty; what stands for nothing has its reason."""
    assert [name for name, cells in standing[0].items() if len(cells) != 3 or not all(cells)] == []
    assert [name for name, cells in standing[1].items() if len(cells) != 1 or not all(cells)] == []


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_finds_something(sign):
    """A pattern that matches nothing any more would let the next one through."""
    assert any(sign in by for by in found().values())
