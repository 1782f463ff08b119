"""What every room's tests may use: waiting with a deadline, loopback nets, and two real XMPP servers that federate.

Tests that use the servers carry the mark ``servers`` by themselves (``-m 'not servers'`` leaves them out). Where the
servers are not installed these tests are skipped, except in continuous integration, where that is a failure.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings

from servers import Federation, LoopbackNet, missing_packages, wait_until
from tests.tap import Tap, tapped
from tests.turns import turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer

    from tests.side_by_side import FromBothEnds

__all__ = ["StartFederation", "wait_until"]

_SERVER_FIXTURES = {"federation", "federation_ep", "start_federation"}

# How long an example takes is a matter of who else is busy on this machine: no test is about that.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Whoever runs the tests, in whatever language: where a test names none, English is spoken.
os.environ["LANG"], os.environ["LC_CTYPE"] = "en_GB.UTF-8", "C.UTF-8"
for _name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(_name, None)


class StartFederation(Protocol):
    """Starts a federation that ends with the test; arguments as for ``Federation``, without its folder."""

    def __call__(self, a: str = "prosody", b: str = "ejabberd", **options: object) -> Federation: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option that runs what takes long as well."""
    parser.addoption("--all", action="store_true", help="campaigns too: two hours instead of a quarter of one")
    parser.addoption("--image", type=Path, help="a card's image that tools/image has made, for the household's walk")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of this file."""
    config.addinivalue_line("markers", "servers: starts real XMPP servers (set by itself)")
    config.addinivalue_line("markers", "campaign: takes minutes (many seeds, long runs); only with --all")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Look for garbage in none of what is collected: it stays, and each look at all of it took a tenth of a second."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that start servers; leave out the campaigns unless they are asked for; each file in its turn."""
    for item in items:
        if _SERVER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)
    if not config.getoption("--all"):
        campaigns = [item for item in items if item.get_closest_marker("campaign")]
        config.hook.pytest_deselected(items=campaigns)
        left_out = set(campaigns)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: turn(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FromBothEnds | None:
    """Of a run by files, from both ends; whoever asks for another distribution gets that."""
    if config.getoption("dist") != "loadfile":
        return None
    # Where tests run one by one, xdist need not be there.
    from tests.side_by_side import FromBothEnds

    return FromBothEnds(config, log)


@pytest.fixture(autouse=True)
def _own_umask() -> Iterator[None]:
    """A command that a test calls in this process sets its umask as if it were alone."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture
def loopback_net() -> Iterator[LoopbackNet]:
    """Give a 127.x.y net of its own to one test."""
    with LoopbackNet() as net:
        yield net


@pytest.fixture(scope="session")
def schemdraw() -> None:
    """Skip where schematics cannot be drawn."""
    _needed("schemdraw", importlib.util.find_spec("schemdraw"))


@pytest.fixture(scope="session")
def ngspice() -> None:
    """Skip where circuits cannot be simulated."""
    _needed("ngspice", shutil.which("ngspice"))


@pytest.fixture(scope="session")
def injuring_tools() -> None:
    """Skip where nobody can answer in the kernel's place, or move a program's clock."""
    for tool in ("strace", "faketime"):
        _needed(tool, shutil.which(tool))


def _needed(what: str, there: object) -> None:
    if not there and os.environ.get("CI"):
        pytest.fail(f"{what} is not installed")
    if not there:
        pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def _servers_installed() -> None:
    if missing := missing_packages():
        reason = f"Debian packages that are not installed: {' '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def tap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tap]:
    """Have every server of the rig that is started meanwhile write down what goes through it."""
    with tapped(tmp_path_factory.mktemp("tap")) as all_of_it:
        yield all_of_it


@pytest.fixture(scope="module", autouse=True)
def _as_the_schema_has_it(tap: Tap) -> Iterator[None]:
    """Fail the module whose stanzas do not keep to the schema of the wire document."""
    yield
    tap.check()


@pytest.fixture(scope="session")
def federation(_servers_installed: None, tmp_path_factory: pytest.TempPathFactory, tap: Tap) -> Iterator[Federation]:
    """Run sen1.test on Prosody and sen2.test on ejabberd for the whole session; no test may kill these."""
    with Federation(tmp_path_factory.mktemp("pe"), "prosody", "ejabberd") as running:
        yield running


@pytest.fixture(scope="session")
def federation_ep(_servers_installed: None, tmp_path_factory: pytest.TempPathFactory, tap: Tap) -> Iterator[Federation]:
    """Run the other way round: sen1.test on ejabberd and sen2.test on Prosody, for the whole session."""
    with Federation(tmp_path_factory.mktemp("ep"), "ejabberd", "prosody") as running:
        yield running


@pytest.fixture
def start_federation(_servers_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartFederation]:
    """Start federations of one's own, to be killed at will; they end with the test."""
    with ExitStack() as running:

        def start(a: str = "prosody", b: str = "ejabberd", **options: object) -> Federation:
            return running.enter_context(Federation(tmp_path_factory.mktemp("own"), a, b, **options))

        yield start
