"""Services that are told by a POST, as they answer: Free Mobile, Gotify, Telegram, a webhook; a mail server (aiosmtpd).

By itself (``python -m tests.gateway.notices.services FOLDER …``) they listen in a network of a test's own, at their own
names and ports, and write what they were told into ``FOLDER/told``; what is in ``FOLDER/answers`` is answered first.
"""

import json
import socket
import ssl
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

FREE_USER, FREE_KEY = "12345678", "Ab1Cd2Ef3Gh4Ij"
GOTIFY_TOKEN = "AqX7.canary-Zk"
BOT, CHAT = "123456789:canary-AAEhBOweik6ad9r_QXMENQjcrGbqCr4K", "99887766"
MAIL_USER, MAIL_PASSWORD = "moi@maison.test", "canary-secret/2"
CANARIES = (FREE_KEY, GOTIFY_TOKEN, BOT, MAIL_PASSWORD)


class Services:
    """All of the HTTP ones on one port; ``told`` are (service, what it was told) of what was taken."""

    def __init__(self, host="127.0.0.1", port=0, certificate=None):
        self.told, self.asked = deque(), deque()
        # Answered before anything else, by service: (status, headers, body).
        self.answers = {}
        services = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, answer = services.answer(self.path, self.headers, body)
                self.send_response(status)
                for name, value in {"Content-Length": len(answer), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            plain = self._server.socket
            self._server.socket = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path, headers, body):
        """What the service of that path answers."""
        name = self._name(path)
        self.asked.append((name, dict(headers), body))
        said = json.loads(body)
        if waiting := self.answers.get(name):
            status, more, text = waiting.popleft() if len(waiting) > 1 else waiting[0]
            return status, more, text
        status, text = getattr(self, f"_{name}")(path, headers, said)
        if status < 300:
            self.told.append((name, said))
        return status, {}, json.dumps(text).encode()

    def _name(self, path):
        if path == "/sendmsg":
            return "free"
        return "telegram" if path.startswith("/bot") else "gotify" if path.endswith("/message") else "webhook"

    def _free(self, _path, _headers, said):
        if not {"user", "pass", "msg"} <= said.keys():
            return 400, {}
        return (200, {}) if (said["user"], said["pass"]) == (FREE_USER, FREE_KEY) else (403, {})

    def _gotify(self, _path, headers, said):
        if headers.get("X-Gotify-Key") != GOTIFY_TOKEN:
            return 401, {"error": "Unauthorized", "errorCode": 401, "errorDescription": "you need a valid token"}
        return 200, {"id": len(self.told) + 1, "appid": 1, **said}

    def _telegram(self, path, _headers, said):
        if path != f"/bot{BOT}/sendMessage":
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if said.get("chat_id") != CHAT:
            return 400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
        return 200, {"ok": True, "result": {"message_id": len(self.told) + 1}}

    def _webhook(self, _path, _headers, _said):
        return 204, {}


TOO_MANY = (
    b'{"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35",'
    b' "parameters": {"retry_after": 35}}'
)


class Mails:
    """A mail server that wants TLS and a password; ``came`` are mails. ``refuses``: what it says to a recipient."""

    def __init__(self, certificate, host="127.0.0.1", port=0, *, tls=True):
        self.came, self.refuses, self.port = deque(), None, port or _free_port(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        strict = {"tls_context": context, "require_starttls": True, "auth_required": True} if tls else {}
        self._controller = Controller(self, hostname=host, port=self.port, authenticator=self._knows, **strict)

    def _knows(self, _server, _session, _envelope, _mechanism, login):
        known = LoginPassword(MAIL_USER.encode(), MAIL_PASSWORD.encode())
        return AuthResult(success=login == known, handled=login == known)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 (aiosmtpd's word)
        refused = self.refuses.get(address) if isinstance(self.refuses, dict) else self.refuses
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.came.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()


def _free_port(host):
    with socket.create_server((host, 0)) as server:
        return server.getsockname()[1]


def main(folder, *certificates):
    """Listen for ever: Free Mobile at 10.77.0.1 and Telegram at 10.77.0.2 on 443, the rest on 8081, mail on 587.

    Each thing told is a line of ``told``: the service, the text, all of it.
    """

    class Certificate:
        def __init__(self, name):
            self.certificate, self.key = Path(f"{name}.crt"), Path(f"{name}.key")

    free, telegram, mail = map(Certificate, certificates)
    lines, answers = (folder / "told").open("a", encoding="utf-8"), folder / "answers"
    with (
        Services("10.77.0.1", 443, free) as first,
        Services("10.77.0.2", 443, telegram) as second,
        Services("10.77.0.1", 8081) as at_home,
        Mails(mail, "10.77.0.1", 587) as mails,
    ):
        (folder / "ready").touch()
        taken = ""
        while True:
            written = answers.read_text() if answers.exists() else "{}"
            wanted = json.loads(written)
            for one in (first, second, at_home):
                one.answers = {name: deque([(status, {}, b"{}")]) for name, status in wanted.items()}
                while one.told:
                    name, said = one.told.popleft()
                    text = said.get("message") or said.get("msg") or said.get("text")
                    lines.write(json.dumps([name, text, said]) + "\n")
            mails.refuses = wanted.get("mail")
            if written != taken:
                (folder / "taken").write_text(written)
                taken = written
            while mails.came:
                came = mails.came.popleft()
                lines.write(json.dumps(["mail", came.get_content(), dict(came.items())]) + "\n")
            lines.flush()
            time.sleep(0.02)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(Path(sys.argv[1]), *sys.argv[2:])
