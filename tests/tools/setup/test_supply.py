"""What a release is made of: its bill names all that is pinned or of others; what is asked about it is told truly."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from setup import sbom

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 1_790_000_000


@pytest.fixture(scope="module")
def bill():
    return sbom.bill(ROOT, SECONDS)


def lines_of(name):
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("file", sorted(sbom.PINNED))
def test_every_pinned_package_is_in_the_bill_with_its_hashes(bill, file):
    """By name and version; as many hashes as stand under it, and what the gateway runs with has its licence too."""
    names = [match[0] for line in lines_of(file) if (match := re.match(r"[A-Za-z0-9._-]+==[^ ;\\]+", line))]
    assert len(names) > 10 or (file, len(names)) == ("requirements-parquet.txt", 1)
    pinned = [part for part in bill["components"] if part["bom-ref"].startswith("pkg:pypi/")]
    found = {f"{part['name']}=={part['version']}": part for part in pinned}
    assert set(names) <= set(found)
    text = (ROOT / file).read_text(encoding="utf-8")
    for name in names:
        held = {one["content"] for one in found[name]["hashes"]}
        block = re.search(rf"^{re.escape(name)} .*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)[0]
        assert held == set(re.findall("sha256:([0-9a-f]{64})", block)) != set()
    if file == "requirements.txt":
        assert {found[name]["scope"] for name in names} == {"required"}
        assert all(found[name]["licenses"] for name in names)


def test_every_requirement_file_and_every_foreign_licence_is_known(bill):
    """A new file of either kind is found here when nobody has written it down."""
    assert {path.name for path in ROOT.glob("requirements*.txt")} == set(sbom.PINNED)
    parts = tomllib.loads((ROOT / "tools/lib/setup/parts.toml").read_text())["vendored"]
    beside = {str(path.relative_to(ROOT)) for path in ROOT.glob("[!.]*/**/*.LICENSE")}
    assert beside == {part["licence_file"] for part in parts}
    assert {part["name"] for part in parts} <= {part["name"] for part in bill["components"]}


def test_what_is_said_of_foreign_files_is_true(bill):
    """Their hash is that of the file; the version stands in the file or in the document of its room."""
    ours = {part["name"]: part for part in bill["components"] if part["bom-ref"].startswith("vendored:")}
    for part in ours.values():
        for file in part["components"]:
            done = subprocess.run(["sha256sum", ROOT / file["name"]], check=True, capture_output=True, text=True)
            assert file["hashes"] == [{"alg": "SHA-256", "content": done.stdout.split()[0]}]
    for name, document in (
        ("uPlot", "gateway/web/README.md"),
        ("microdot", "micropython/setup/README.md"),
        ("umqtt.simple", "micropython/README.md"),
        ("axe-core", "tests/gateway/web/vendor/README.md"),
    ):
        assert ours[name]["version"] in (ROOT / document).read_text(encoding="utf-8")


def test_the_bill_has_the_form_of_cyclonedx(bill):
    """As the schema of 1.6 has it, each reference once; the same folder gives the same bytes."""
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", bill["serialNumber"])
    every = [*bill["components"], *(file for part in bill["components"] for file in part.get("components", ()))]
    refs = [part["bom-ref"] for part in every]
    assert len(refs) == len(set(refs))
    assert {part["type"] for part in every} == {"library", "file"}
    (whole,) = bill["dependencies"]
    assert set(whole["dependsOn"]) <= set(refs)
    command = [sys.executable, ROOT / "tools/lib/setup/sbom.py", ROOT, str(SECONDS)]
    done = subprocess.run(command, check=True, capture_output=True)
    assert json.loads(done.stdout) == bill
    assert done.stdout == subprocess.run(command, check=True, capture_output=True).stdout


def test_a_release_has_no_tests_in_its_bill_and_a_missing_part_is_one_sentence(tmp_path):
    """As it is unpacked; a file that the list names and that is not there stops the release."""
    parts = ["pyproject.toml", "tools/lib/setup/parts.toml", *sbom.PINNED, "gateway/web/static/uPlot.min.js"]
    parts += ["gateway/web/static/uPlot.min.css", "micropython/lib/microdot.py", "micropython/lib/umqtt_simple.py"]
    for name in parts:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    names = {part["name"] for part in sbom.bill(tmp_path, SECONDS)["components"]}
    assert "axe-core" not in names
    assert {"uPlot", "microdot", "umqtt.simple"} <= names
    (tmp_path / "micropython/lib/microdot.py").unlink()
    command = [sys.executable, ROOT / "tools/lib/setup/sbom.py", tmp_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "microdot.py: No such file" in done.stderr


WELL = {"name": "aiodns", "version": "4.0.4", "vulns": []}
ILL = WELL | {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["4.0.5"]}]}
UNKNOWN = {"name": "aiodns", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "code", "sentence"),
    [
        (json.dumps({"dependencies": [WELL]}), 0, "requirements.txt: 1 packages, nothing is known against them"),
        (json.dumps({"dependencies": [ILL, UNKNOWN]}), 1, "aiodns 4.0.4: PYSEC-2026-1, mended in 4.0.5"),
        (json.dumps({"dependencies": [WELL, UNKNOWN]}), 3, "nothing could be found out about 1 of 2 packages (aiodns"),
        ("", 3, "requirements-flash.txt: could not be asked; is this machine on the Internet?"),
        (None, 3, "pip-audit is missing: pipx install pip-audit"),
    ],
)
def test_an_audit_says_what_is_known_and_no_more(tmp_path, answer, code, sentence):
    """Nothing known, something known, or nobody could be asked: a package that the index does not know is not sound."""
    if answer is not None:
        (tmp_path / "answer").write_text(answer)
        (tmp_path / "pip-audit").write_text(f'#!/bin/sh\ncat "{tmp_path}/answer"\n')
        (tmp_path / "pip-audit").chmod(0o755)
    tools = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    if answer is None and any((Path(folder) / "pip-audit").exists() for folder in tools.split(":")):
        pytest.skip("pip-audit is installed here")
    environment = os.environ | {"PATH": f"{tmp_path}:{tools}"}
    command = [ROOT / "tools/audit"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == code
    assert sentence in done.stdout + done.stderr


def test_the_ways_to_report_and_to_verify_stand_in_both_languages():
    """How to report, what is supported, what is signed, how to verify; the same commands in both."""
    french, english = (ROOT / "SECURITY.md").read_text(encoding="utf-8").split("\n---\n")
    for text, titles in (
        (french, ("Signaler une faille", "Ce qui est suivi", "Ce qui est signé", "Vérifier une version")),
        (english, ("Report a vulnerability", "What is supported", "What is signed", "Verify a release")),
    ):
        assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(titles)
    commands = [re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1] for text in (french, english)]
    assert commands[0] == commands[1]
