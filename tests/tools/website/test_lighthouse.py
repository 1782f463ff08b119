"""Access for all and good practice of the site, judged by Lighthouse: full marks."""

import os
import shutil
import sys

import pytest

from harness.browser import PROGRAM
from harness.process import Program
from harness.wait import accepts
from servers import free_port, wait_until
from tests.tools.screens.test_lighthouse import CACHE, CATEGORIES, judged

JUDGED = (
    *("index.html", "en/index.html", "household/index.html", "household/start.html", "en/household/buy.html"),
    *("household/questions.html", "household/words.html", "en/maker/gateway-doctor.html", "maker/hardware.html"),
    *("en/maker/gateway-live.html", "recipient/gateway-federation.html", "en/developer/index.html"),
)


@pytest.fixture(scope="module")
def address(site, tmp_path_factory):
    """Where the site is served."""
    if PROGRAM is None or not shutil.which("node") or not (CACHE / "complete").exists():
        if os.environ.get("CI"):
            pytest.fail("Lighthouse or chromium is not installed")
        pytest.skip("./tools/test --all has not installed Lighthouse here")
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(site)]
    with Program(tmp_path_factory.mktemp("served"), "server", command, bound=""):
        wait_until(lambda: accepts("127.0.0.1", port), 60, "the site is served")
        yield f"http://127.0.0.1:{port}"


@pytest.mark.campaign
@pytest.mark.parametrize("page", JUDGED)
def test_a_page_of_the_site_gets_full_marks(address, tmp_path, page):
    """Of both, and no audit of theirs is failed, counted or not."""
    marks, failed = judged(f"{address}/{page}", "", tmp_path)
    assert failed == {}
    assert marks == dict.fromkeys(CATEGORIES, 1)
