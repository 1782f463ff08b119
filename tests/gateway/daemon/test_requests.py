"""What a running gateway is asked: whoever ends a consent waits until nothing more leaves, whoever looks does not."""

import asyncio
from contextlib import closing
from types import SimpleNamespace

import pytest

from gateway.consent.act import ORDERS as CONSENT_ORDERS
from gateway.control.orders import LOOKS
from gateway.daemon.requests import Desk
from gateway.privacy.act import ORDERS as PRIVACY_ORDERS
from gateway.store.prepare import prepare
from gateway.store.store import Store


class Sending:
    """Stands where the publication does: counts who waits for what is leaving."""

    def __init__(self):
        self.settled, self.wake = 0, asyncio.Event()

    async def settle(self):
        self.settled += 1


async def here(function, *arguments):
    """The store's call, in place."""
    return function(*arguments)


@pytest.mark.parametrize(
    ("order", "waits"),
    [
        ({"do": "revoke", "recipient": "coop@sen2.test"}, True),
        ({"do": "limit", "recipient": "coop@sen2.test"}, True),
        ({"do": "consents"}, False),
        ({"do": "pending-access"}, False),
    ],
)
def test_who_only_looks_does_not_wait_for_what_is_leaving(tmp_path, order, waits):
    """A long answer to a recipient would keep the page waiting, and be cut off in the end."""
    prepare(tmp_path)
    sending = Sending()
    with closing(Store(tmp_path)) as store:
        house = SimpleNamespace(store=store, call=here, publication=sending, page=None)
        asyncio.run(Desk(house, commit=None).answer(order))
    assert (sending.settled, sending.wake.is_set()) == (int(waits), waits)


def test_every_look_is_an_order():
    """And nothing that ends or gives anything is a look."""
    assert {*CONSENT_ORDERS, *PRIVACY_ORDERS} > LOOKS
    assert {"grant", "revoke", "limit", "answer-access", "health-withdraw", "privacy-erase", "resume"}.isdisjoint(LOOKS)
