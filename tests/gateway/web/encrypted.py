"""A house whose page is served encrypted as well, by its own authority, and visitors who believe that one alone."""

import http.client
import platform
import socket
import ssl
from datetime import UTC, datetime

from gateway.upkeep.authority.certificates import make
from gateway.upkeep.authority.names import own_addresses, own_names
from servers import free_port, wait_until
from tests.gateway.web.conftest import House, Visitor

NAME = own_names(platform.node())[0]


class EncryptedHouse(House):
    """A daemon whose certificate was made ``now``, or by whoever enters it."""

    def __init__(self, folder, *, extra="", now=None, listens=True, source="/nowhere/tty"):
        self.secure = free_port()
        super().__init__(folder, source, f'https = "127.0.0.1:{self.secure}"\n{extra}')
        self.https, self._listens = folder / "https", listens
        if listens:
            self.make(now)

    def make(self, now=None, names=None):
        """A certificate, the next one if there is one."""
        make(self.https, names or own_names(platform.node()), own_addresses(), now or datetime.now(UTC))

    def __enter__(self):
        super().__enter__()
        if self._listens:
            wait_until(lambda: self.says("the page is served encrypted"), 60, "it is served encrypted")
        return self

    def says(self, words):
        """Whether the log has them."""
        return words in self.process.log.read_text()

    def secure_visitor(self, **options):
        return SecureVisitor(self.secure, self.https / "ca.crt", **options)


class SecureVisitor(Visitor):
    """A browser that has been given the authority, and nothing else."""

    scheme = "https"

    def __init__(self, port, authority, name=NAME, **options):
        super().__init__(port, host=f"{name}:{port}", **options)
        self.name = name
        self.context = ssl.create_default_context(cafile=authority)
        # What verifies as browsers do: nothing is passed over.
        self.context.verify_flags |= ssl.VERIFY_X509_STRICT

    def link(self, timeout=20):
        return _Link(self, timeout)


class _Link(http.client.HTTPConnection):
    def __init__(self, visitor, timeout):
        super().__init__("127.0.0.1", visitor.port, timeout=timeout)
        self._visitor = visitor

    def connect(self):
        visitor = self._visitor
        plain = socket.create_connection(("127.0.0.1", visitor.port), self.timeout, (visitor.address, 0))
        try:
            self.sock = visitor.context.wrap_socket(plain, server_hostname=visitor.name)
        except OSError:
            plain.close()
            raise
