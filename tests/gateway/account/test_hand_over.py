"""An installer's access ends when the household sets the page's password: the account gets a new one by itself."""

import asyncio

import pytest

from gateway.account.act import do
from gateway.account.hand_over import MARK, HandOver
from gateway.account.password_file import PasswordFile
from gateway.control.messages import AccountOrder
from gateway.errors import GatewayError
from gateway.federation.connection.session import Session
from gateway.web.access.access import PageAccess
from tests.gateway.federation.conftest import QUICK, account, eventually, running

PREPARED = "prepared-by-an-installer"
OWN = "un-mot-de-passe-du-foyer"


@pytest.fixture
def page(tmp_path):
    """A page that nobody has visited, beside a mark that its account is to be renewed."""
    (tmp_path / MARK).touch()
    access = PageAccess(tmp_path / "page.json")
    access.make_code()
    return access


def test_the_server_knows_a_new_password_once_the_household_has_set_its_own(federation, tmp_path, page):
    """Not before; afterwards the prepared one opens nothing, and the new one is on the disk alone."""
    login = account(federation, "handed", "sen1.test", PREPARED)
    file = PasswordFile(tmp_path / "xmpp-password")
    file.path.write_text(PREPARED + "\n")

    async def scenario():
        session = Session(login, QUICK, passwords=file)
        async with running(session):
            await eventually(session.connected.is_set, 60.0)

            async def change():
                return await do(session, file, AccountOrder(action="password"))

            work = HandOver(tmp_path, tmp_path / "page.json", change)
            task = asyncio.create_task(work.run(asyncio.Event(), 0.05))
            # Many rounds, and nothing but waiting.
            await asyncio.wait([task], timeout=0.3)
            assert (task.done(), file.candidates()) == (False, [PREPARED])
            page.set_password(OWN)
            await asyncio.wait_for(task, 60)
        old = Session(login, QUICK)
        async with running(old):
            await eventually(lambda: old.state.attempts, 60.0)
            assert not old.connected.is_set()

    asyncio.run(scenario())
    assert not (tmp_path / MARK).exists()
    (renewed,) = file.candidates()
    assert renewed != PREPARED


def test_a_server_that_is_away_is_asked_again(tmp_path, page):
    """The mark stays until it is done, also over a restart."""
    page.set_password(OWN)
    asked = []

    async def scenario(last):
        stop = asyncio.Event()

        async def change():
            asked.append(1)
            if len(asked) == last:
                stop.set()
            if len(asked) < 3:
                raise GatewayError("there is no connection")

        await asyncio.wait_for(HandOver(tmp_path, tmp_path / "page.json", change).run(stop, 0.01), 60)

    asyncio.run(scenario(last=2))
    assert (len(asked), (tmp_path / MARK).exists()) == (2, True)
    asyncio.run(scenario(last=9))
    assert (len(asked), (tmp_path / MARK).exists()) == (3, False)


def test_nothing_is_done_where_nobody_prepared_it(tmp_path):
    """A household's own account keeps its password."""
    work = HandOver(tmp_path, tmp_path / "page.json", None)
    asyncio.run(asyncio.wait_for(work.run(asyncio.Event()), 60))
