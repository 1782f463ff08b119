"""A mail by SMTP (RFC 5321, 6409, 8314), in a thread of its own, and never in clear to a stranger.

The standard library's client waits as long as it is told for each line, and reads as many as come; here all of them
together have one time and one size.
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from contextlib import closing, suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from gateway.notices.events import Urgency
from gateway.notices.ways.outcome import DONE, Message, NoticeAnswer, Outcome, again, refused
from gateway.notices.ways.reach import Reach, Unreachable
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.addresses.notice import NoticeAddress

# Greylisting and virus scanners take their time.
TIMEOUT_S, _LINE_S, _CONNECT_S = 30.0, 10.0, 5.0
_MOST_BYTES = 64 * 1024
# RFC 8314 §3.3: submission with TLS from the start; RFC 6409: with STARTTLS; RFC 5321.
_PORTS = {"ssl": 465, "starttls": 587, "clear": 25}

_NO_ANSWER = Phrase("{host} does not answer now")
_LATER = Phrase("{host} will take the e-mail later ({code})")
_REFUSED = Phrase("{host} refuses the e-mail ({code}): check name, password and addresses")
_NO_TLS = Phrase("{host} offers no encryption; nothing was sent")
_NO_LOGIN = Phrase("{host} takes no name and password here: leave them out, or ask for its right port")
_SOME = Phrase("{host} refuses these mailboxes: {names}")
_NO_CERTIFICATE = Phrase("the certificate of {host} is not trusted, or this machine's clock is wrong")
_URGENT = Phrase("[urgent] {title}")


async def tell(reach: Reach, address: NoticeAddress, message: Message) -> Outcome:
    """Send one mail to all of its mailboxes."""
    mode = address.options.get("mode", "starttls") if address.tls else "clear"
    port = address.port or _PORTS[mode]
    connection = _Connection()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            numbers = await reach.numbers(address.host, port, tls=address.tls)
            context = await reach.context() if address.tls else None
            return await _in_thread(connection, address, numbers, port, mode, context, message)
    except Unreachable as error:
        return error.outcome
    except TimeoutError:
        return again(_NO_ANSWER.filled(host=address.host))


async def _in_thread(connection: _Connection, address: NoticeAddress, *rest: Any) -> Outcome:  # noqa: ANN401 (handed on)
    work = asyncio.ensure_future(asyncio.to_thread(_send, connection, address, *rest))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # A thread cannot be ended; without its socket it ends by itself.
        connection.cut()
        await asyncio.wait({work}, timeout=_LINE_S)
        raise


class _Connection:
    """The connection of one mail, which somebody else may cut."""

    def __init__(self) -> None:
        self._client: _Client | None = None
        self._is_cut = False

    def opened(self, numbers: list[str], port: int, host: str, context: ssl.SSLContext | None) -> _Client:
        """A client at the first of them that answers; TLS from the start with a ``context``. To be closed."""
        for place, number in enumerate(numbers):
            try:
                plain = socket.create_connection((number, port), timeout=_CONNECT_S)
                plain.settimeout(_LINE_S)
                break
            except OSError:
                if place == len(numbers) - 1 or self._is_cut:
                    raise
        try:
            client = self._client = _Client(_wrapped(plain, host, context), host)
        except BaseException:
            plain.close()
            raise
        if self._is_cut:
            self.cut()
        return client

    def cut(self) -> None:
        """Have whoever reads or writes there end."""
        self._is_cut = True
        if self._client and self._client.sock:
            with suppress(OSError):
                self._client.sock.shutdown(socket.SHUT_RDWR)


def _wrapped(plain: socket.socket, host: str, context: ssl.SSLContext | None) -> socket.socket:
    return context.wrap_socket(plain, server_hostname=host) if context else plain


class _Bounded:
    """What a server says, until it has said too much."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 (of a socket, or of TLS)
        self._file, self._left = file, _MOST_BYTES

    def readline(self, size: int) -> bytes:
        """One line."""
        line: bytes = self._file.readline(min(size, self._left))
        self._left -= len(line)
        if self._left <= 0:
            raise smtplib.SMTPServerDisconnected("too long an answer")
        return line

    def close(self) -> None:
        """No more is read."""
        self._file.close()


class _Client(smtplib.SMTP):
    """The standard library's, over a socket that is there already."""

    def __init__(self, connected: socket.socket, host: str) -> None:
        super().__init__(local_hostname="linky-gateway", timeout=_LINE_S)
        # By these the library checks the certificate's name.
        self._host, self.sock = host, connected

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()


def _send(
    connection: _Connection,
    address: NoticeAddress,
    numbers: list[str],
    port: int,
    mode: str,
    context: ssl.SSLContext | None,
    message: Message,
) -> Outcome:
    host = address.host
    try:
        with closing(connection.opened(numbers, port, host, context if mode == "ssl" else None)) as client:
            return _handed_over(client, address, mode, context, message)
    except smtplib.SMTPNotSupportedError:
        return refused(_NO_LOGIN.filled(host=host))
    except smtplib.SMTPRecipientsRefused as error:
        return _of_code(host, max(code for code, _ in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        return _of_code(host, error.smtp_code)
    except ssl.SSLError:
        return again(_NO_CERTIFICATE.filled(host=host))
    except (smtplib.SMTPException, OSError, ValueError):
        return again(_NO_ANSWER.filled(host=host))


def _handed_over(
    client: _Client, address: NoticeAddress, mode: str, context: ssl.SSLContext | None, message: Message
) -> Outcome:
    _greet(client)
    if mode == "starttls":
        if not client.has_extn("starttls"):
            return refused(_NO_TLS.filled(host=address.host))
        client.starttls(context=context)
    if address.user:
        client.login(address.user, address.password)
    missed = client.send_message(_mail(address, message), address.sender, list(address.to))
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    # Some have it: the others are named, for whoever tests.
    return Outcome(NoticeAnswer.DONE, _SOME.filled(host=address.host, names=", ".join(missed))) if missed else DONE


def _greet(client: smtplib.SMTP) -> None:
    code, said = client.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, said)
    client.ehlo_or_helo_if_needed()


def _of_code(host: str, code: int) -> Outcome:
    if 500 <= code < 600:
        return refused(_REFUSED.filled(host=host, code=code))
    return again(_LATER.filled(host=host, code=code))


def _mail(address: NoticeAddress, message: Message) -> EmailMessage:
    mail = EmailMessage()
    title = _URGENT.filled(title=message.title).in_language(message.lang)
    mail["Subject"] = title if message.level is Urgency.URGENT else message.title
    mail["From"], mail["To"] = address.sender, ", ".join(address.to)
    mail["Date"] = formatdate(message.at, localtime=False)
    # The same each time: a mail that came and was not confirmed is known again.
    mail["Message-ID"] = f"<{message.ident}@{address.sender.rpartition('@')[2]}>"
    # RFC 3834: no holiday answer to a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.lang
    mail.set_content(message.text + "\n")
    return mail
