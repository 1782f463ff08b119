"""A running daemon with a page, its meter, and visitors that keep their cookies."""

import http.client
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urlencode

import pytest

from gateway.config.tables import load
from harness import ROOT
from harness.browser import PROGRAM, Browser
from harness.house import in_this_process
from meter.process import SimulatedMeter
from servers import free_port, wait_until
from tests.integration.processes import ENVIRONMENT, Process
from tests.once import made_once

PASSWORD = "canary-phrase-de-passe-41c2"


class Visitor:
    """A browser without eyes: keeps its cookies, follows nothing; all of 127.0.0.0/8 are addresses of its own."""

    scheme = "http"

    def __init__(self, port, host=None, address="127.0.0.1"):
        self.port, self.host, self.address = port, host or f"127.0.0.1:{port}", address
        self.cookies = {}

    def link(self, timeout=20):
        """A connection that is not made yet."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout, source_address=(self.address, 0))

    def ask(self, method, path, fields=None, **headers):
        """The answer and its text; of a picture its bytes."""
        link = self.link()
        body = None if fields is None else urlencode(fields)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            more["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            link.request(method, path, body, {"Host": self.host} | more)
            answer = link.getresponse()
            body = answer.read()
            text = body if answer.headers.get("Content-Type", "").startswith("image/png") else body.decode()
        finally:
            link.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, text

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, fields, **headers):
        return self.ask("POST", path, fields, **headers)

    def form_token(self):
        """The token of this visitor's forms."""
        _, text = self.get("/access")
        return re.search(r'name="form_token" value="([^"]+)"', text)[1]

    def send(self, path, /, **fields):
        """A form of a page of the site."""
        return self.post(path, fields | {"form_token": self.form_token()}, Origin=f"{self.scheme}://{self.host}")


class House:
    """A daemon with a page on a free port."""

    def __init__(self, folder, source, extra=""):
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.folder, self.config = folder, folder / "gateway.toml"
        self.config.write_text(
            f'[[meter]]\nsource = "{source}"\nmode = "standard"\nclock = "meter"\n'
            '[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
            f'[web]\nlisten = "127.0.0.1:{self.port}"\n{extra}'
        )
        self.process = Process(folder, "gateway", "run", "--config", self.config, "--log-level", "DEBUG")

    def __enter__(self):
        self.process.start()
        wait_until(self.is_served, 60, "the page is served")
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def is_served(self):
        return "the page is served" in self.process.log.read_text()

    def command(self, *arguments):
        """One command of the command line; its completed process."""
        command = [sys.executable, "-m", "gateway", *arguments, "--config", str(self.config)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)

    def code(self):
        """What the installer is shown."""
        code, out, errors = in_this_process("page", "code", "--config", self.config)
        assert code == 0, errors
        return out.strip()

    def visitor(self, **options):
        return Visitor(self.port, **options)

    def owner(self):
        """Somebody who has set the password, or has typed it."""
        visitor = self.visitor()
        answer, text = visitor.post("/login", {"password": PASSWORD})
        if "linky_session" not in visitor.cookies:
            fields = {"code": self.code(), "password": PASSWORD, "again": PASSWORD}
            answer, text = visitor.post("/setup", fields)
        assert answer.status == 303, text
        return visitor


@pytest.fixture
def new_house(tmp_path):
    """A house whose page nobody has visited yet; its meter is not plugged in."""
    with House(tmp_path / "new", "/nowhere/tty") as house:
        yield house


@pytest.fixture(scope="module")
def living_house(tmp_path_factory):
    """A house that produces, in the sun of a blue day, with its owner signed in."""
    folder = tmp_path_factory.mktemp("living")
    tty = folder / "ttyTIC"
    options = {"seed": 1, "mode": "standard", "tariff": "tempo", "phases": 3, "speed": 4, "start": "2026-01-15T18:30"}
    with SimulatedMeter(tty, **options), House(folder / "house", tty) as house:
        house.signed_in = house.owner()
        wait_until(lambda: '"stale": false' in house.signed_in.get("/")[1].replace("&quot;", '"'), 30, "a fresh frame")
        yield house


@pytest.fixture
def house(tmp_path):
    """A household of which nothing is known yet: a test lets its meters count, and serves the pages of its past."""
    from tests.gateway.balance.conftest import House as CountedHouse

    return CountedHouse(tmp_path)


@pytest.fixture(scope="session")
def years(tmp_path_factory):
    """Three years of a producing Tempo household, with the pages of its past; only looked at."""
    from tests.gateway.web import three_years

    folder = tmp_path_factory.mktemp("three-years")
    shutil.copytree(made_once(tmp_path_factory, "three-years-written", three_years.write), folder, dirs_exist_ok=True)
    with three_years.served(folder, load(folder / "gateway.toml")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(request, tmp_path_factory):
    """A Chromium, with the file's BROWSER_OPTIONS; skipped where there is none, but not in continuous integration."""
    if PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    options = getattr(request.module, "BROWSER_OPTIONS", ())
    with Browser(tmp_path_factory.mktemp("chromium"), *options) as running:
        yield running
