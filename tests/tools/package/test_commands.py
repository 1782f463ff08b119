"""Completions and manual pages made of the parsers: real shells complete by them, man shows them, mandoc is content."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

from package import commands
from package.commands import PROGRAMS, commands_of

# What is typed before the Tab key -> the words that the program is then called with.
LINES = {
    "sta": ["status"],
    "consent pe": ["consent", "pending"],
    "export --gran": ["export", "--granularity"],
    "export --granularity PT3": ["export", "--granularity", "PT30M"],
    "export --format senml-x": ["export", "--format", "senml-xml"],
    "journal verify --anc": ["journal", "verify", "--anchor"],
    "decode capt": ["decode", "capture.raw"],
    "privacy erase --series x --every": ["privacy", "erase", "--series", "x", "--everything"],
}
DEADLINE_S = 60


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    """What belongs below /usr/share, a program of that name that notes its words, and a folder to type in."""
    folder = tmp_path_factory.mktemp("commands")
    commands.write(folder / "share", list(PROGRAMS))
    program = folder / "bin" / "linky-gateway"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$TYPED.new" && mv "$TYPED.new" "$TYPED"\n')
    program.chmod(0o755)
    (folder / "home").mkdir()
    (folder / "home" / "capture.raw").touch()
    return folder


def environment(share):
    """Of a person who has installed it."""
    return {
        "PATH": f"{share / 'bin'}:{os.environ['PATH']}",
        "HOME": str(share / "home"),
        "XDG_DATA_DIRS": f"{share / 'share'}:/usr/share",
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "TYPED": str(share / "typed"),
    }


def typed(share, shell, prepare):
    """Each line typed into an interactive shell on a terminal, with Tab and Enter; what the program was called with."""
    here, there = pty.openpty()
    home = share / "home"
    with subprocess.Popen(
        shell, cwd=home, env=environment(share), stdin=there, stdout=there, stderr=there, start_new_session=True
    ) as running:
        os.close(there)
        try:
            await_prompt(here, prepare)
            return {line: one_line(here, share / "typed", line) for line in LINES}
        finally:
            running.kill()
            os.close(here)


def await_prompt(terminal, prepare):
    """The shell has read what makes it complete."""
    os.write(terminal, f"{prepare}; echo read''y\n".encode())
    said, deadline = b"", time.monotonic() + DEADLINE_S
    while b"ready\r" not in said:
        assert time.monotonic() < deadline, said
        if select.select([terminal], [], [], 0.2)[0]:
            said += os.read(terminal, 65_536)


def one_line(terminal, note, line):
    """Type it; the words that the program notes. The terminal is read meanwhile, or the shell would wait for it."""
    note.unlink(missing_ok=True)
    os.write(terminal, f"linky-gateway {line}\t\n".encode())
    deadline = time.monotonic() + DEADLINE_S
    while not note.exists():
        assert time.monotonic() < deadline, line
        if select.select([terminal], [], [], 0.05)[0]:
            os.read(terminal, 65_536)
    return note.read_text().split()


def test_bash_completes(share):
    """Commands, options, choices and files, without the package bash-completion."""
    file = share / "share/bash-completion/completions/linky-gateway"
    assert typed(share, ["bash", "--norc", "--noprofile", "-i"], f"source {file}") == LINES


def test_zsh_completes(share):
    """Found in its folder of functions, as an installed one is."""
    folder = share / "share/zsh/site-functions"
    prepare = f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D"
    assert typed(share, ["zsh", "-f", "-i"], prepare) == LINES


def test_fish_completes(share):
    """Found in the folder of vendors by its own engine."""
    for line, words in LINES.items():
        command = ["fish", "-c", f"complete -C 'linky-gateway {line}'"]
        done = subprocess.run(
            command, cwd=share / "home", env=environment(share), check=True, capture_output=True, text=True, timeout=60
        )
        found = [row.partition("\t")[0] for row in done.stdout.splitlines()]
        assert words[-1] in found, (line, done.stdout, done.stderr)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_manual_page_says_what_the_parser_knows(share, program):
    """man shows it without a warning, mandoc finds nothing to complain of, and each command and option is in it."""
    page = share / "share/man/man1" / f"{program}.1"
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page], check=False, capture_output=True, text=True)
    assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")
    shown = subprocess.run(
        ["man", "--warnings", "--encoding=UTF-8", "-l", page], check=True, capture_output=True, text=True,
        env=environment(share) | {"MANWIDTH": "200", "MAN_KEEP_FORMATTING": ""},
    )  # fmt: skip
    assert shown.stderr == ""
    text = re.sub(r".\x08|\x1b\[[0-9;]*m", "", shown.stdout)
    for one in commands_of(program):
        if one.words and not one.below:
            assert f"{program} {one.place} [options]" in text, one.place
            for option in one.options:
                assert all(flag in text for flag in option.flags), (one.place, option)


def test_the_page_of_the_gateway_has_its_exit_codes_and_examples(share):
    """What a script waits for, and what a person types."""
    page = (share / "share/man/man1/linky-gateway.1").read_text()
    assert "\n.SH EXIT STATUS\n" in page
    assert "\n.B 78\n" in page
    assert "linky\\-gateway reading add water 123.456 \\-\\-unit m3" in page
