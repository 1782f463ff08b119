"""Access for all and good practice, judged by Lighthouse: full marks, and nothing that it finds without counting it."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from harness import ROOT
from harness.browser import PROGRAM
from harness.process import Program
from harness.wait import accepts
from servers import free_port, wait_until
from tests.tools.screens.album import Album

# As ./tools/test --all installs it.
CACHE = ROOT / ".cache/lighthouse"
PROGRAM_OF_IT = CACHE / "node_modules/lighthouse/cli/index.js"
CATEGORIES = ("accessibility", "best-practices")
JUDGED = (
    *(("first-day", page) for page in ("home", "setup", "settings-tariff-new")),
    *(("tempo", page) for page in ("home", "history-yesterday", "cost", "settings", "settings-tariff", "more")),
    *(("producer", page) for page in ("home", "history-minutes", "display")),
    *(("years", page) for page in ("history-year", "cost", "repair")),
    *(("fault", page) for page in ("home", "links", "sharing", "request")),
)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """The six houses."""
    if PROGRAM is None or not shutil.which("node") or not (CACHE / "complete").exists():
        if os.environ.get("CI"):
            pytest.fail("Lighthouse or chromium is not installed")
        pytest.skip("./tools/test --all has not installed Lighthouse here")
    with Album(tmp_path_factory.mktemp("judged")) as running:
        yield running


def judged(address, cookie, folder):
    """What Lighthouse reports of a page: marks by category, and which of their audits were failed."""
    command = [
        "node", PROGRAM_OF_IT, address, f"--only-categories={','.join(CATEGORIES)}", "--output=json", "--quiet",
        f"--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir={folder}",
        f"--extra-headers={json.dumps({'Cookie': cookie, 'Accept-Language': 'fr'})}", "--no-enable-error-reporting",
    ]  # fmt: skip
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, env=os.environ | {"CHROME_PATH": PROGRAM}
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    # Whoever is not let in is led to another page, which has full marks as well.
    assert report["finalDisplayedUrl"] == address
    known = {ref["id"] for one in report["categories"].values() for ref in one["auditRefs"]}
    failed = {name: told["title"] for name, told in report["audits"].items() if name in known and told["score"] == 0}
    return {name: one["score"] for name, one in report["categories"].items()}, failed


@pytest.mark.campaign
@pytest.mark.parametrize(("house", "page"), JUDGED, ids=lambda one: one)
def test_a_page_gets_full_marks(album, tmp_path, house, page):
    """Of both, and no audit of theirs is failed, counted or not."""
    marks, failed = judged(album.address(house, page), album.cookie(house, page), tmp_path)
    assert failed == {}
    assert marks == dict.fromkeys(CATEGORIES, 1)


@pytest.mark.campaign
def test_what_is_wrong_is_found(album, tmp_path):
    """A picture without words, and text that can hardly be read."""
    (tmp_path / "page.html").write_text(
        "<!DOCTYPE html><html lang=fr><title>Faux</title><p style='color:#aaa;background:#fff'>Pâle<img src='data:,'>"
    )
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with Program(tmp_path, "server", command, bound=""):
        wait_until(lambda: accepts("127.0.0.1", port), 30, "the page is served")
        marks, failed = judged(f"http://127.0.0.1:{port}/page.html", "", tmp_path / "profile")
    assert {"image-alt", "color-contrast"} <= failed.keys()
    assert marks["accessibility"] < 1
