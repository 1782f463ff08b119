"""A folder of releases at a real HTTP server of this machine, signed by the test's key; a gateway that looks at it."""

import asyncio
import hashlib
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.config.updates import UpdatesTable
from gateway.journal import ed25519
from gateway.upkeep.releases.keys import render_public
from gateway.upkeep.updates import watch
from gateway.upkeep.updates.kind import InstallKind
from gateway.upkeep.updates.watch import UpdateWatch
from tests.gateway.upkeep.releases.test_latest import signatures_of

KEY = b"\x01" * 32
RUNNING = "0.2.0"
DEB = "releases/{0}/linky-gateway_{0}_all.deb"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        hosted = self.server.hosted
        hosted.asked.append(self.path)
        name = self.path.removeprefix("/co-op/")
        if name in hosted.injuries:
            hosted.injuries[name](self)
            return
        path = hosted.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Hosted:
    """The folder."""

    def __init__(self, folder):
        self.folder, self.asked, self.injuries, self.serial = folder, [], {}, 1
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.hosted = self
        self.url = f"http://127.0.0.1:{self.server.server_port}/co-op"
        self.ended = threading.Event()
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def publish(self, version, *, serial=None, days=90, signer=KEY, body=b"a package", **more):
        """A release, listed and signed."""
        self.serial = serial or self.serial + 1
        path = DEB.format(version)
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(body)
        now = datetime.now(UTC)
        about = {
            "serial": self.serial,
            "version": version,
            "issued": (now - timedelta(days=100)).isoformat(),
            "expires": (now + timedelta(days=days)).isoformat(),
            "min_version": "0.1.0",
            "notes": {"fr": "Des nouveautés.", "en": "News."},
            "files": {path: {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}},
        }
        text = json.dumps(about | more).encode() + b"\n"
        (self.folder / "latest.json").write_bytes(text)
        (self.folder / "latest.json.sig").write_bytes(signatures_of(text, [signer]))

    def end(self):
        """No server any more."""
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hosted(tmp_path):
    """It, with nothing published."""
    (tmp_path / "hosted").mkdir()
    found = Hosted(tmp_path / "hosted")
    yield found
    found.end()


class Gateway:
    """What an update needs of one: its folders, the helper as a list of what it was told, its journal as a list."""

    def __init__(self, folder, url, /, **options):
        self.folder = folder
        self.etc, self.state = folder / "etc", folder / "state"
        self.told, self.journal, self.ended = [], [], []
        self.now, self.night = time.time(), False
        self.refuses = None
        for path in (self.etc, self.state):
            path.mkdir(exist_ok=True)
        (self.etc / "release.pub").write_text(render_public(ed25519.public_of(KEY)))
        self.rules = UpdatesTable(**options)
        self.options = {"url": url, "rules": lambda: self.rules}
        self.running = RUNNING
        self.watch = self.started()

    def started(self):
        """The part as a start makes it."""

        async def install(version):
            if self.refuses:
                raise self.refuses
            self.told.append(version)

        async def note(kind, facts, texts):
            self.journal.append((kind, facts, texts))

        watch = UpdateWatch(
            self.state, self.etc, self.running, install=install, note=note,
            clock=lambda: self.now, is_night=lambda _: self.night, kind=InstallKind.DEB,
            home=self.folder / "root", **self.options,
        )  # fmt: skip
        watch.hearers.append(self.ended.append)
        return watch

    def do(self, coroutine):
        """Run it."""
        return asyncio.run(coroutine)

    async def until(self, condition):
        """Let the part live until then."""
        stop = asyncio.Event()
        life = asyncio.create_task(self.watch.run(stop))
        turned = asyncio.Event()
        self.watch.lookers.append(turned.set)
        try:
            async with asyncio.timeout(20):
                while not condition():
                    turned.clear()
                    await turned.wait()
        finally:
            self.watch.lookers.remove(turned.set)
            stop.set()
            await life


@pytest.fixture
def roots(tmp_path, monkeypatch):
    """Root's folder, in which it writes how an update ended."""
    home = tmp_path / "root"
    home.mkdir()
    monkeypatch.setattr(watch, "LOOK_S", 0.01)
    return home


@pytest.fixture
def gateway(tmp_path, hosted, roots):
    """A gateway that was installed by its package and runs 0.2.0."""
    return Gateway(tmp_path, hosted.url)


def ended(roots: Path, version: str, result: str, missing=()):
    """What root writes down."""
    facts = {"from": RUNNING, "to": version, "result": result, "missing": list(missing), "ended": int(time.time())}
    (roots / "outcome.json").write_text(json.dumps(facts))
    if result == "back":
        (roots / "refused").write_text(f"{version}\n")
