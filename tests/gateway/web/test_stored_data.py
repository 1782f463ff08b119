"""Which order the page *your data* gives: days by the clock of the house, of one meter or of all; no code is lost."""

import asyncio
from datetime import date
from types import SimpleNamespace

import pytest

from gateway.errors import StoreError
from gateway.privacy.orders import Erase, Preview
from gateway.store.terms import Channel
from gateway.web.data.stored import StoredData
from gateway.web.data.values import DataSpan


def data(orders, make_code=None):
    """Your data in a house of two meters and a counter; what it orders is added to ``orders``."""

    async def order(one):
        orders.append(one)
        return {"readings": 1}

    meters = [SimpleNamespace(name=name) for name in ("house", "shed")]
    return StoredData(SimpleNamespace(meter=meters, counter=[SimpleNamespace(name="gas")]), order, make_code)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 25), 24)])
@pytest.mark.parametrize("meter", [None, "shed"])
def test_a_day_is_erased_from_midnight_to_midnight(day, hours, meter):
    """Also where the clocks are changed; what is looked at before is what goes."""
    orders = []
    asked = data(orders)
    span = DataSpan(date(*day), date(*day), meter)
    asyncio.run(asked.preview(span))
    asyncio.run(asked.erase(span))
    assert [type(one) for one in orders] == [Preview, Erase]
    assert {(one.what, one.meter, one.last - one.first, one.channel) for one in orders} == {
        ("range", meter, hours * 3600, Channel.WEB)
    }
    assert len({one.first for one in orders}) == 1
    assert asked.meters == ("house", "shed", "gas")


def test_what_was_erased_is_told_where_no_code_can_be_made():
    """The rows are gone by then: it is no refusal."""

    async def none():
        raise StoreError("page.json: the card takes nothing")

    orders = []
    assert asyncio.run(data(orders, none).hand_over()) == ({"readings": 1}, "")
    assert [(one.what, one.channel) for one in orders] == [("everything", Channel.WEB)]
