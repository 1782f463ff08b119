"""``/metrics`` and ``/ready``: what is answered, and how little whoever asks badly can cost."""

import asyncio
import socket
from contextlib import suppress

import pytest

from gateway.errors import ConfigError
from gateway.process.exposition import Histogram, exposed
from gateway.process.watched import watched
from servers import free_port
from tests.promtool import asked, figures, promtool, ready

FAMILIES = {
    "linky_test_things_total": ("counter", "Things."),
    "linky_test_seconds": ("histogram", "How long."),
    "linky_test_absent": ("gauge", "Of which nothing is known."),
}


class Program:
    """A program that is well, or says why not."""

    def __init__(self):
        self.why, self.fault = "", None

    async def metrics(self):
        if self.fault:
            raise self.fault
        seconds = Histogram((0.1, 1))
        for value in (0.05, 0.1, 0.5, 7):
            seconds.observe(value)
        return exposed(
            FAMILIES,
            [("linky_test_things_total", {"kind": 'a "b"\\\n'}, 3), *seconds.samples("linky_test_seconds")],
        )

    async def unready(self):
        return self.why


def watching(work, program=None):
    """What a function of the port gives, run in a thread meanwhile."""

    async def life():
        port = free_port()
        async with watched(("127.0.0.1", port), program or Program()):
            return await asyncio.to_thread(work, port)

    return asyncio.run(life())


def test_figures_are_what_prometheus_reads():
    """By its own tool and its own parser; a label is escaped, a bucket has all below it, what is unknown is absent."""
    assert watching(figures) == {
        ("linky_test_things_total", 'a "b"\\\n'): 3,
        ("linky_test_seconds_bucket", "0.1"): 2,
        ("linky_test_seconds_bucket", "1"): 3,
        ("linky_test_seconds_bucket", "+Inf"): 4,
        ("linky_test_seconds_sum",): pytest.approx(7.65),
        ("linky_test_seconds_count",): 4,
    }


def test_a_wrong_name_is_found_by_the_tool_of_the_tests():
    """Else it would judge nothing."""
    with pytest.raises(AssertionError, match="_total"):
        promtool("check", "metrics", given="# HELP linky_things Things.\n# TYPE linky_things counter\nlinky_things 1\n")


def test_whoever_is_not_ready_says_why():
    """One sentence and 503; a fault in the figures costs their answer alone."""
    program = Program()

    def work(port):
        assert ready(port) == (200, "ready")
        program.why = "PostgreSQL is away"
        assert ready(port) == (503, "PostgreSQL is away")
        program.fault = ValueError("canary")
        status, _, text = asked(port, "/metrics")
        assert (status, "canary" in text) == (503, False)
        program.fault = None
        assert asked(port, "/metrics")[0] == 200

    watching(work, program)


def test_only_two_paths_are_answered_and_only_to_be_read():
    """Everything else is told what there is."""

    def work(port):
        assert asked(port, "/")[0] == 404
        assert asked(port, "/metrics?x=1")[0] == 200
        status, headers, text = asked(port, "/metrics", "HEAD")
        assert (status, text, int(headers["Content-Length"]) > 100) == (200, "", True)
        status, headers, _ = asked(port, "/metrics", "POST")
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
        assert said(port, b"\x16\x03\x01\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert said(port, b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")

    watching(work)


def test_who_says_nothing_is_cut_off_and_keeps_nobody_out():
    """Sixteen at once, for seconds; then there is room again, and meanwhile nothing more is taken."""

    def work(port):
        idle = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(40)]
        # What is too much is cut off at once, what says nothing after some seconds: each of them ends.
        for one in idle:
            with one, suppress(ConnectionResetError):
                assert one.recv(1) == b""
        assert asked(port, "/metrics")[0] == 200

    watching(work)


def test_an_address_that_is_taken_is_a_sentence():
    """With what to do; the program does not run without its figures and nobody knowing."""

    async def life():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} cannot be had .*name another port"):
                async with watched(("127.0.0.1", port), Program()):
                    pass

    asyncio.run(life())


def said(port, request):
    """All that is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        one.sendall(request)
        parts = []
        with suppress(ConnectionResetError):
            while part := one.recv(65_536):
                parts.append(part)
        return b"".join(parts)
