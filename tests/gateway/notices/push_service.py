"""A push service with the browsers that are registered there: what is sent is verified and opened as the RFCs say.

RFC 8030 (the request), 8292 (who sends), 8188 and 8291 (what is sealed); written from the receiver's side, by the
library's own derivation of keys and nothing of the gateway's.
"""

import base64
import json
import re
import ssl
import struct
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST_BYTES, LONGEST_S = 4096, 86_400


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def derived(salt, known, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(known)


# What they must look like: RFC 8188 §2, RFC 8030 §5.2 to §5.4; the last two may be left out.
_HEADERS = {
    "Content-Encoding": re.compile("aes128gcm"),
    "TTL": re.compile("[0-9]+"),
    "Urgency": re.compile("(very-low|low|normal|high)?"),
    "Topic": re.compile("[A-Za-z0-9_-]{0,32}"),
}


class PushedBrowser:
    """One that has asked for notices of a page, whose key it was given: only that page may tell it."""

    def __init__(self, sender, private=None, secret=b"0123456789abcdef"):
        self.sender, self.secret = sender, secret
        self._private = private or ec.generate_private_key(ec.SECP256R1())
        self.told = deque()

    @property
    def keys(self):
        """What its subscription says of it."""
        return {"p256dh": encoded(point(self._private.public_key())), "auth": encoded(self.secret)}

    def opened(self, body):
        """The text that was sealed for it (RFC 8291 section 3.4, RFC 8188 section 2)."""
        salt, (size, length) = body[:16], struct.unpack(">IB", body[16:21])
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        there = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._private.exchange(ec.ECDH(), there)
        info = b"WebPush: info\0" + point(self._private.public_key()) + sender
        known = derived(self.secret, shared, info, 32)
        key = derived(salt, known, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(salt, known, b"Content-Encoding: nonce\0", 12)
        text, ended, filling = AESGCM(key).decrypt(nonce, sealed, None).rpartition(b"\x02")
        assert ended
        assert not filling.strip(b"\0")
        return text


class PushService:
    """``browsers`` are registered by their path; what one ``told`` is (headers, what was said).

    ``answer`` is (status, headers) of what it says before it looks at anything; ``host`` is its name, for which a
    sender has to sign; ``clock`` its time.
    """

    def __init__(self, host, certificate, clock):
        self.host, self.clock, self.browsers, self.answer, self.refused = host, clock, {}, None, deque()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = service.taken(self.path, self.headers, body)
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
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

    def taken(self, path, headers, body):
        """What is answered."""
        if self.answer:
            return self.answer
        browser = self.browsers.get(path)
        if browser is None:
            return 410, {}
        if len(body) > MOST_BYTES:
            return 413, {}
        if why := self.wrong(browser, headers):
            self.refused.append(why)
            return 403, {}
        browser.told.append((dict(headers), json.loads(browser.opened(body))))
        return 201, {"Location": f"https://{self.host}/message/{len(browser.told)}"}

    def wrong(self, browser, headers):
        """Why the sender is not the one whose key the browser was given; None where it is."""
        scheme, _, rest = headers.get("Authorization", "").partition(" ")
        parts = dict(one.strip().split("=", 1) for one in rest.split(","))
        if scheme != "vapid" or parts.get("k") != browser.sender:
            return "another key"
        told, _, signature = parts["t"].rpartition(".")
        head, says = (json.loads(decoded(part)) for part in told.split("."))
        raw = decoded(signature)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
        r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
        try:
            key.verify(encode_dss_signature(r, s), told.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "not signed"
        if head.get("alg") != "ES256" or says["aud"] != f"https://{self.host}":
            return "signed for another service"
        anonymous = self.host.endswith(".push.apple.com") and not says.get("sub")
        if anonymous or not 0 < says["exp"] - self.clock() <= LONGEST_S:
            return "nobody to write to" if anonymous else "signed for another time"
        return next(
            (f"no {name}" for name, form in _HEADERS.items() if not form.fullmatch(headers.get(name, ""))), None
        )
