"""The tools' --help: for whoever has only just got the files, and what their heads say of their options."""

import re
import subprocess

import pytest

from tests.tool_help import ROOT, TOOLS, answer, help_of, options_in


@pytest.mark.parametrize("tool", TOOLS)
def test_help_installs_nothing_and_fetches_nothing(tool):
    """It is answered on standard output, before anything is installed, made or asked for; -h is the same."""
    asked = answer(tool, "--help")
    assert tool in asked.text
    assert (asked.errors, asked.touched) == ("", [])
    # argparse gives both, and says so.
    assert "[-h]" in asked.text or answer(tool, "-h") == asked


@pytest.mark.parametrize("tool", TOOLS)
def test_the_head_of_a_tool_names_options_that_it_has(tool):
    """Whoever opens the file reads there what its help says."""
    lines = (ROOT / tool).read_text(encoding="utf-8").splitlines()[1:]
    head = "\n".join(lines[: next(number for number, line in enumerate(lines) if not line.startswith(("#", '"')))])
    assert options_in(head) - {"--help"} <= options_in(help_of(tool))


def test_help_is_answered_by_the_system_s_python_wherever_it_stands(tmp_path):
    """After other arguments too, and as -h; behind -- it is an argument as any other."""
    assert answer("tools/fuzz", "--minutes", "1", "-h") == answer("tools/fuzz", "--help")
    script = 'source "$1"; help_first away.options "${@:2}"; echo "goes on with ${*:2}"'
    command = ["bash", "-c", script, "it", f"{ROOT}/tools/bootstrap.sh"]
    for arguments in (["--", "--help"], ["--days", "3"], []):
        done = subprocess.run([*command, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        assert done.stdout == f"goes on with {' '.join(arguments)}\n"


def test_every_tool_is_in_a_document():
    """What nobody is told of nobody uses."""
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    told = "".join((ROOT / name).read_text(encoding="utf-8") for name in tracked.splitlines() if (ROOT / name).exists())
    assert [tool for tool in TOOLS if not re.search(rf"{re.escape(tool)}(?![\w-])", told)] == []
