"""The DNS (RFC 1035) of the board's own Wi-Fi: every name is here, so a phone's captive page opens by itself."""

import asyncio
import socket

_LARGEST = 512  # bytes of a question over UDP, §4.2.1
_TTL_S = 5  # short: the phone must forget all this when it is back at home
_POLL_MS = 50


def answer(question, address):
    """The answer to one DNS message: the address (four bytes) for type A, no record for others; None for rubbish."""
    if len(question) < 17 or question[2] & 0xF8 or question[4:6] != b"\x00\x01":
        return None  # too short, an answer, another operation, or not exactly one question
    end = 12
    while end < len(question) and question[end]:
        if question[end] & 0xC0:
            return None  # a compressed name has no place in a question
        end += question[end] + 1
    end += 5
    if end > len(question):
        return None
    is_address = question[end - 4 : end] == b"\x00\x01\x00\x01"
    head = question[:2] + b"\x85\x80\x00\x01\x00" + (b"\x01" if is_address else b"\x00") + bytes(4)
    record = b"\xc0\x0c\x00\x01\x00\x01" + _TTL_S.to_bytes(4, "big") + b"\x00\x04" + address if is_address else b""
    return head + question[12:end] + record


async def serve(address, host="0.0.0.0", port=53):  # noqa: S104 (its own Wi-Fi, there is nothing else)
    """Answer for ever with this address ("192.168.4.1")."""
    here = bytes([int(part) for part in address.split(".")])
    with_port = socket.getaddrinfo(host, port)[0][-1]
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setblocking(False)
    listener.bind(with_port)
    try:
        while True:
            try:
                question, sender = listener.recvfrom(_LARGEST)
                reply = answer(question, here)
                if reply:
                    listener.sendto(reply, sender)
            except OSError:
                await asyncio.sleep_ms(_POLL_MS)  # nothing there, or the phone has left
    finally:
        listener.close()
