"""What a running gateway is asked: whoever ends a consent waits until nothing more leaves, whoever looks does not."""

import asyncio
import json
from contextlib import closing
from types import SimpleNamespace

import pytest

from gateway.consent import act as of_consents
from gateway.consent.orders import Limit, ListConsents, PendingAccess, Revoke
from gateway.control import history as of_history
from gateway.control.messages import AccountOrder, Erase, read
from gateway.daemon.requests import HouseRequests, _of_page
from gateway.daemon.standing import HouseStanding
from gateway.privacy import act as of_data
from gateway.store.store import Store
from tests.prepared import prepare

# What is done where the store is written, whoever does it.
WRITTEN = {**of_consents.HANDLERS, **of_data.HANDLERS, **of_history.HANDLERS}


class Sending:
    """Stands where the publication does: counts who waits for what is leaving."""

    def __init__(self):
        self.settled, self.wake = 0, asyncio.Event()

    def handlers(self):
        return {}

    async def settle(self):
        self.settled += 1


async def here(function, *arguments):
    """The store's call, in place."""
    return function(*arguments)


@pytest.mark.parametrize(
    ("order", "waits"),
    [
        (Revoke(recipient="coop@sen2.test"), True),
        (Limit(recipient="coop@sen2.test"), True),
        (ListConsents(), False),
        (PendingAccess(), False),
    ],
)
def test_who_only_looks_does_not_wait_for_what_is_leaving(tmp_path, order, waits):
    """A long answer to a recipient would keep the page waiting, and be cut off in the end."""
    prepare(tmp_path)
    sending = Sending()
    with closing(Store(tmp_path)) as store:
        standing = HouseStanding(store.outbox, here, {}, None, None, None)
        house = SimpleNamespace(store=store, call=here, federation=sending, standing=standing)
        asyncio.run(HouseRequests(house).answer(order))
    assert (sending.settled, sending.wake.is_set()) == (int(waits), waits)


def test_every_look_is_an_order():
    """And nothing that ends or gives anything is a look."""
    looks = {order.__struct_config__.tag for order in WRITTEN if order.looks}
    assert {"consents", "notices", "pending-access", "consent-text", "refused-domains", "privacy-preview"} < looks
    assert {"grant", "revoke", "limit", "answer-access", "health-withdraw", "privacy-erase", "resume"}.isdisjoint(looks)


FORM = {"recipient": "a@b.test", "series": "consumption", "granularity": "P1D", "no_push": False, "until": None}
POINT = {"series": "gas", "granularity": "raw", "time": 1, "meter": "gas", "reason": "", "by": "owner"}
READING = {"series": "gas", "value": "1", "unit": None, "at": None, "meter": None, "force": False}
SHOWN = {"lang": "fr", "hash": "0" * 64}
LESS = {"series": ["consumption"], "granularity": None, "until": None, "no_push": True, "pseudonym": False}
# As the command line and the page of 0.1.0 wrote them; those of imported history are younger.
LINES = [
    json.dumps({"do": do} | fields).encode()
    for do, fields in (
        ("status", {}),
        ("settle", {}),
        ("now", {"since": None, "wait_s": 1.0}),
        ("reading", {"order": READING}),
        ("settings-change", {"place": "household.language", "value": "en", "take_back": False, "restart": True}),
        ("helper", {"act": "restart-unit", "arguments": {"unit": "mosquitto.service"}, "by": "anne"}),
        ("account", {"action": "password", "new": None}),
        ("page-code", {}),
        ("page-welcome", {}),
        ("page-where", {}),
        ("notice-test", {"way": "anne"}),
        ("notice-list", {}),
        ("update", {"action": "check", "lang": "fr"}),
        ("grant", {"order": FORM, "by": "anne", "retention": "P3Y", "shown": SHOWN}),
        ("revoke", {"recipient": "a@b.test", "series": None, "by": "owner", "channel": "web"}),
        ("spare-erasure", {"recipient": "a@b.test"}),
        ("limit", {"recipient": "a@b.test"}),
        ("resume", {"recipient": "a@b.test"}),
        ("consents", {"by": "owner", "channel": "web"}),
        ("notices", {}),
        ("sent", {}),
        ("compare", {"recipient": "a@b.test"}),
        ("totals", {"recipient": "a@b.test", "begin": "2026-11-24", "end": "2026-11-25"}),
        ("pending-access", {}),
        ("consent-text", {"lang": "fr", "number": 1, "less": LESS, "retention": "P3Y"}),
        ("answer-access", {"number": 1, "yes": True, "less": LESS, "retention": "P3Y", "shown": SHOWN}),
        ("refuse-domain", {"domain": "b.test"}),
        ("hear-domain", {"domain": "b.test"}),
        ("refused-domains", {}),
        ("joint-text", {"forms": [], "invited": {"signed": "AB"}, "lang": "fr", "retention": "P3Y"}),
        ("joint-grant", {"forms": [], "invited": {"signed": "AB"}, "retention": "P3Y", "shown": SHOWN, "at": 1}),
        ("join-text", {"link": "linky:1", "lang": "fr"}),
        ("join", {"link": "linky:1", "shown": SHOWN, "meter": "house"}),
        ("join-stop", {}),
        ("health-consents", {}),
        ("health-text", {"recipient": "a@b.test", "until": None, "lang": "fr", "retention": "P3Y"}),
        ("health-grant", {"recipient": "a@b.test", "until": None, "by": "anne", "shown": SHOWN}),
        ("health-refuse", {"recipient": "a@b.test"}),
        ("health-withdraw", {"recipient": "a@b.test"}),
        ("privacy-preview", {"what": "range", "series": "gas", "first": 1, "last": 2}),
        ("privacy-erase", {"what": "recipient", "recipient": "a@b.test", "by": "anne"}),
        ("privacy-rectify", POINT | {"value": "2"}),
        ("privacy-remove", POINT),
        ("privacy-restore", POINT),
        ("privacy-withdraw", {"by": "check --repair"}),
        ("privacy-rotate", {"recipient": "a@b.test"}),
        ("history-add", {"spool": "past-1.jsonl"}),
        ("history-undo", {"number": 1}),
        ("history-forget-file", {"number": 1}),
    )
]


def test_every_order_that_can_be_read_has_one_who_does_it():
    """Either where the store is written or in the running gateway, and an erasure in both."""
    desk = HouseRequests(
        SimpleNamespace(federation=Sending(), standing=HouseStanding(None, here, {}, None, None, None))
    )
    desk.join(SimpleNamespace(order=None))
    running = {*desk._handlers, *_of_page(None), AccountOrder}
    assert {type(read(line)) for line in LINES} == {*WRITTEN, *running}
    assert {*WRITTEN} & running == {Erase}
