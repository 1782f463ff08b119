"""The checkers of the pages' scripts are pinned by hash, wherever a machine has its packages from; they find faults."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKS, CACHE = ROOT / "tools/lib/javascript", ROOT / ".cache/javascript"


@pytest.mark.parametrize(
    ("folder", "fewest"),
    [(CHECKS, 50), (ROOT / "tests/tools/screens/lighthouse", 50), (ROOT / "tools/lib/recipient", 30)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_lock_file_has_hashes_and_no_addresses(folder, fewest):
    """Every package with its version and its hash; of where it is fetched nothing is said."""
    lock = json.loads((folder / "package-lock.json").read_text())
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert len(packages) > fewest
    assert [name for name, about in packages.items() if not about["integrity"].startswith("sha512-")] == []
    assert [name for name, about in packages.items() if "resolved" in about] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  const one = 1, two = 2; lose(one, two);", "one-var"),
        ("  tell(first.metres);", "Property 'metres' does not exist on type 'House'"),
    ],
)
def test_a_fault_in_a_script_is_found(tmp_path, line, said):
    """A crowded line by eslint, a word that the gateway does not say by tsc."""
    if not (CACHE / "complete").exists() or not shutil.which("node"):
        pytest.skip("./tools/test has not installed them here")
    static = tmp_path / "gateway/web/static"
    static.mkdir(parents=True)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/javascript").symlink_to(CACHE)
    shutil.copytree(CHECKS, tmp_path / "tools/lib/javascript")
    script = (ROOT / "gateway/web/static/page.js").read_text()
    (static / "page.js").write_text(script.replace("  tell(first);\n", f"{line}\n  tell(first);\n"))
    modules = CACHE / "node_modules"
    config = ("--config", "tools/lib/javascript/eslint.config.cjs", "gateway/web/static")
    programs = (
        (modules / "eslint/bin/eslint.js", *config),
        (modules / "typescript/bin/tsc", "-p", CHECKS.relative_to(ROOT)),
    )
    found = [
        subprocess.run(
            ["node", *program], cwd=tmp_path, check=False, capture_output=True, text=True,
            env={**os.environ, "NODE_PATH": str(modules)},
        )
        for program in programs
    ]  # fmt: skip
    assert any(done.returncode and said in done.stdout for done in found), [done.stdout for done in found]
