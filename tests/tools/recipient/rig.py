"""The recipient in JavaScript as its user starts it, at a server of the rig."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from shutil import which
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from harness import ROOT
from harness.accounts import FAR, HOME
from harness.process import Program
from servers import wait_until

SENSOR = "maison:sen1.test/ab12:sen1.test"
BRANCH = f"{SENSOR}/consumption"


def is_installed():
    """Whether there is Node, and what ``./tools/test`` installs for it."""
    return (ROOT / ".cache/recipient/complete").exists() and which("node")


def needed():
    """Skip where ``./tools/test`` could not install what it is made of; in continuous integration that is a failure."""
    if not is_installed():
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("./tools/test has not installed the recipient's packages here")


def await_confirmed(house):
    """Wait until the meter, which is unplugged, has been heard to its end, and nothing of it waits for a receipt."""
    house.await_silence(8)
    wait_until(lambda: house.query("SELECT count(*) FROM outbox") == [(0,)], 120, "every receipt", 0.5)


class Recipient(Program):
    """``tools/recipient receive`` with its page; its database is looked at only while it does not run."""

    def __init__(self, folder, federation, *series, jid=FAR, home=HOME):
        self.store = folder / "javascript.sqlite"
        words = ["receive", "--jid", f"{jid}/archive", "--password-file", folder / "password"]
        words += ["--gateway", f"{home}/proxy"]
        words += ["--server", f"xmpp://{federation.address('sen2.test')}", "--store", self.store, "--page", "0"]
        words += [word for name in series or (BRANCH,) for word in ("--series", name)]
        super().__init__(
            folder, "javascript", [ROOT / "tools/recipient", *words],
            {"NODE_EXTRA_CA_CERTS": str(federation.ca)}, keeps=False, bound="",
        )  # fmt: skip

    def __exit__(self, *_):
        self.kill()

    def said(self):
        """What it has said in this run."""
        return self.log.read_text()

    def page(self, seconds=60):
        """The address of its page, without a slash at its end."""
        wait_until(lambda: "page: http" in self.said(), seconds, "the page")
        return self.said().partition("page: ")[2].split()[0].rstrip("/")

    def ask(self, path, **asked):
        """What its page is told."""
        query = f"?{urlencode(asked)}" if asked else ""
        with urlopen(f"{self.page()}/api/{path}{query}", timeout=30) as answer:
            return json.load(answer)

    def count(self):
        """How many points it has, as far as its curves are not in steps (1,000 a series)."""
        spans = [{**series, "from": series["first"], "to": series["last"] + 1} for series in self.ask("series")]
        return sum(len(self.ask("points", **span)) for span in spans)

    def points(self):
        """(path, time, value) of all raw points in its database; it does not run."""
        sql = "SELECT name, time, coalesce(value, text) FROM point JOIN series ON id = series WHERE granularity = 'raw'"
        with closing(sqlite3.connect(self.store)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return sorted((name.removeprefix(f"{SENSOR}/"), time, value) for name, time, value in database.execute(sql))


class Page(Program):
    """``tools/recipient browser``."""

    def __init__(self, folder):
        super().__init__(folder, "page", [ROOT / "tools/recipient", "browser", "--page", "0"], keeps=False, bound="")

    page = Recipient.page
    said = Recipient.said
