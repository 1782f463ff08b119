"""A name that the world knows, by a real ACME server and client: the certificate is shown, and the next one, too.

Pebble is Let's Encrypt's own server for tests (RFC 8555), which looks the name up at the DNS server beside it; uacme is
an administrator's client, with a hook that puts DNS-01's answer there, and one that puts the files in place.
"""

import json
import os
import shutil
import subprocess
import urllib.request
from contextlib import ExitStack

import pytest

from servers import free_port, wait_until
from tests.gateway.web.encrypted import EncryptedHouse, SecureVisitor
from tests.gateway.web.test_https import https_link

NAME = "compteur.example.org"
PROGRAMS = ("pebble", "pebble-challtestsrv", "uacme", "openssl", "curl")

# uacme(1): METHOD TYPE IDENT TOKEN AUTH; every other kind of challenge is declined.
HOOK = """#!/bin/sh
[ "$2" = dns-01 ] || exit 1
case $1 in
  begin) curl -sf -d "{{\\"host\\":\\"_acme-challenge.$3.\\",\\"value\\":\\"$5\\"}}" {management}/set-txt ;;
  *) curl -sf -d "{{\\"host\\":\\"_acme-challenge.$3.\\"}}" {management}/clear-txt ;;
esac
"""


@pytest.fixture(autouse=True)
def programs():
    """All of ``tools/test``; skipped where one is missing, but not in continuous integration."""
    for name in PROGRAMS:
        if shutil.which(name) is None:
            if os.environ.get("CI"):
                pytest.fail(f"{name} is not installed")
            pytest.skip(f"{name} is not installed")


class Acme:
    """A server, the DNS that it asks, and a client with an account."""

    def __init__(self, folder):
        self.folder = folder
        self.directory, self.management, dns, txt = (free_port() for _ in range(4))
        self._txt, self._dns = f"http://127.0.0.1:{txt}", f"127.0.0.1:{dns}"
        self._stack = ExitStack()
        self._certificate()

    def __enter__(self):
        port = self._txt.rpartition(":")[2]
        self._start(
            *("pebble-challtestsrv", "-dns01", self._dns, "-management", f"127.0.0.1:{port}"),
            *("-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""),
        )  # fmt: skip
        settings = {
            "listenAddress": f"127.0.0.1:{self.directory}", "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.folder / "acme.crt"), "privateKey": str(self.folder / "acme.key"),
            "httpPort": 5002, "tlsPort": 5001, "ocspResponderURL": "", "externalAccountBindingRequired": False,
        }  # fmt: skip
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        self._start("pebble", "-config", self.folder / "pebble.json", "-dnsserver", self._dns, "-strict")
        for program in (self.directory, self.management, int(port)):
            wait_until(lambda at=program: self._answers(at), 30, "the ACME server is there")
        hook = self.folder / "hook"
        hook.write_text(HOOK.format(management=self._txt))
        hook.chmod(0o755)
        self.client("new")
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _certificate(self):
        """What the server itself shows to its clients."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.folder / "acme.key", "-out", self.folder / "acme.crt"],
            check=True, capture_output=True,
        )  # fmt: skip

    def _start(self, *command):
        # It waits up to 15 s before it looks, and refuses a nonce now and then, unless it is told otherwise.
        environment = os.environ | {"PEBBLE_VA_NOSLEEP": "1"}
        with (self.folder / f"{command[0]}.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.terminate)

    @staticmethod
    def _answers(port):
        import socket

        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def client(self, *words):
        """The client, once."""
        command = ["uacme", "-a", f"https://localhost:{self.directory}/dir", "-c", self.folder / "uacme", "-y", "-f"]
        environment = os.environ | {"UACME_CAINFO": str(self.folder / "acme.crt")}
        done = subprocess.run(
            [*command, "-h", self.folder / "hook", *words], check=False, capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr

    def issue(self, to):
        """Have a certificate made, and put where the gateway looks, as a hook of the client would."""
        self.client("issue", NAME)
        for source, target, mode in (
            (f"private/{NAME}/key.pem", "key.pem", "640"),
            (f"{NAME}/cert.pem", "full.pem", "644"),
        ):
            subprocess.run(["install", "-m", mode, self.folder / "uacme" / source, to / target], check=True)

    def root(self):
        """The authority that this server signs by: of the world, if it were the real one."""
        request = f"https://localhost:{self.management}/roots/0"
        import ssl

        context = ssl.create_default_context(cafile=self.folder / "acme.crt")
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            file = self.folder / "root.pem"
            file.write_bytes(answer.read())
        return file


def test_a_name_of_ones_own_by_acme(tmp_path):
    """Proved by DNS-01: nothing of the house is reached from outside; renewed without a restart."""
    extra = f'names = ["{NAME}"]\ncertificate_file = "full.pem"\nkey_file = "key.pem"\n'
    house = EncryptedHouse(tmp_path / "house", extra=extra, listens=False)
    with Acme(tmp_path) as acme, house:
        assert "full.pem: cannot be read" in https_link(house)["detail"]
        acme.issue(house.folder)
        wait_until(lambda: https_link(house)["state"] == "ok", 30, "it is served")
        visitor = SecureVisitor(house.secure, acme.root(), name=NAME)
        assert visitor.get("/setup")[0].status == 200
        answer, text = house.visitor().get("/https")
        assert answer.status == 200
        assert f"https://{NAME}:{house.secure}" in text
        assert "/ca.crt" not in text, "there is nothing to install"

        def serial():
            link = visitor.link()
            link.connect()
            try:
                return link.sock.getpeercert()["serialNumber"]
            finally:
                link.close()

        first = serial()
        acme.issue(house.folder)
        wait_until(lambda: serial() != first, 30, "the next certificate is shown")
