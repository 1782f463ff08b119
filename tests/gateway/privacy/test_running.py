"""Privacy commands beside a running gateway: the daemon does what writes, the meter is read on."""

import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.web.access.access import PageAccess
from servers import free_port, wait_until

ROOT = Path(__file__).resolve().parents[3]
FRAME = ROOT / "tests/frames/real/h1-base-linky-angristan.raw"
WAIT_S = 120
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "LANG": "fr_FR.UTF-8"}


def command(config, *words):
    return [sys.executable, "-m", "gateway", *map(str, words), "--config", str(config)]


def run(config, *words):
    return subprocess.run(
        command(config, *words), check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT
    )


def stored(config):
    """(time, series, value) of what is stored."""
    table = run(config, "export", "--format", "csv", "--granularity", "raw").stdout
    return [(row["time"], row["series"], row["value"]) for row in csv.DictReader(io.StringIO(table))]


@pytest.fixture
def config(tmp_path):
    """A gateway that runs, and reads a meter that says the same again and again."""
    (tmp_path / "line.raw").write_bytes(FRAME.read_bytes() * 200)
    path = tmp_path / "gateway.toml"
    path.write_text(
        '[[meter]]\nsource = "replay:line.raw"\nclock = "host"\n[clock]\ntrusted = true\n'
        '[store]\ndirectory = "state"\ncommit_interval_s = 1\n'
        f'[web]\nlisten = "127.0.0.1:{free_port()}"\n'
    )
    (tmp_path / "state").mkdir(mode=0o700)
    page = PageAccess(tmp_path / "state" / "page.json")
    page.set_password("a password of the page")
    page.add_link("living room", 0)
    with subprocess.Popen(command(path, "run"), env=ENVIRONMENT, cwd=ROOT, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            wait_until(lambda: stored(path), WAIT_S, "a reading")
            yield path
        finally:
            daemon.send_signal(signal.SIGTERM)
            _, words = daemon.communicate(timeout=WAIT_S)
    assert daemon.returncode == 0
    assert "Traceback" not in words


def test_a_running_gateway_erases_and_goes_on(config):
    """What was stored is gone, and who may see the page; what the meter says from then on is stored."""
    before = stored(config)
    done = run(config, "privacy", "erase", "--everything", "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["wiped"] is True
    assert report["readings"] >= len(before)
    after = wait_until(lambda: stored(config), WAIT_S, "a reading after the erasure")
    assert not {*before} & {*after}
    assert {path for _, path, _ in before} == {path for _, path, _ in after}
    kinds = [json.loads(line)["kind"] for line in run(config, "journal", "show", "--json").stdout.splitlines()]
    assert "data-erased" in kinds
    assert run(config, "journal", "verify").returncode == 0
    page = config.parent / "state" / "page.json"
    assert not page.exists()
    assert run(config, "page", "code").returncode == 0
    assert (PageAccess(page).ready, PageAccess(page).links) == (False, ())


def test_a_running_gateway_corrects_and_is_exported(config, tmp_path):
    """The archive is of one moment, whatever is written meanwhile."""
    moment, path, _ = next(row for row in stored(config) if "index" in row[1])
    done = run(config, "privacy", "rectify", path, moment, "12345")
    assert (done.returncode, done.stderr) == (0, "")
    assert "→ 12345 Wh" in done.stdout
    assert (moment, path, "12345") in stored(config)
    done = run(config, "privacy", "export", "--to", tmp_path / "mine.zip")
    assert (done.returncode, done.stderr) == (0, "")
    assert run(config, "privacy", "import", tmp_path / "mine.zip").returncode == 74


@pytest.mark.parametrize(("typed", "code", "said"), [("effacer", 0, "effacé : "), ("oui", 1, "rien n'a été effacé")])
def test_a_person_types_the_word_under_what_is_to_be_erased(config, typed, code, said):
    """At a terminal: what, who is told, what stays; then the word itself, nothing shorter."""
    if code:
        before = len(stored(config))
    leader, follower = pty.openpty()
    words = command(config, "privacy", "erase", "--series", "consumption")
    with subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower, env=ENVIRONMENT, cwd=ROOT) as erase:
        os.close(follower)
        shown, deadline = "", time.monotonic() + WAIT_S
        while "Entrée : " not in shown and time.monotonic() < deadline:
            if select.select([leader], [], [], 1)[0]:
                shown += os.read(leader, 4096).decode()
        assert "À effacer : " in shown
        assert "Personne n'a reçu ces mesures." in shown
        os.write(leader, f"{typed}\n".encode())
        assert erase.wait(WAIT_S) == code
        while said not in shown and time.monotonic() < deadline:
            shown += os.read(leader, 4096).decode()
    os.close(leader)
    assert said in shown
    if code:
        assert len(stored(config)) >= before
