"""One yes to all of an invitation: given once, withdrawn for good, and never on a text that says it of another."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from gateway.consent.grant import grant
from gateway.consent.orders import ConsentForm, Invited, JointGrant, JointText, ListConsents, Revoke, Shown
from gateway.control.orders import act
from gateway.errors import ConsentError
from gateway.store.store import Store
from tests.prepared import prepare

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC).timestamp()
WEEK = 7 * 86_400
COOP, ARCHIVE = "coop@sen2.test", "archive@sen2.test"
FORMS = tuple(
    ConsentForm(recipient, "consumption/energy", "PT30M", until="2027-06-30", controller="La Coop")
    for recipient in (COOP, ARCHIVE)
)
INVITED = Invited(signed="ABCD EFGH", server="sen2.test")


@pytest.fixture
def store(tmp_path):
    """The store of a house with one meter."""
    prepare(tmp_path)
    opened = Store(tmp_path)
    opened.meters.add("house", "ab12cd34ef")
    yield opened
    opened.close()


def text(store, now=NOW, forms=FORMS, invited=INVITED, lang="en"):
    return act(store, JointText(lang=lang, retention="P3Y", forms=forms, invited=invited), now)


def yes(store, at=NOW, now=NOW):
    """The order of a yes at that second, on the text of that second."""
    shown = Shown("en", text(store, at)["hash"])
    return JointGrant(forms=FORMS, invited=INVITED, retention="P3Y", shown=shown, at=int(at))


def states(store, now):
    return [row["state"] for row in act(store, ListConsents(), now)]


def test_what_was_withdrawn_meanwhile_is_not_given_again(store):
    """The yes waits to be told to the collector; the household takes one consent back. A new yes is a new one."""
    order = yes(store)
    act(store, order, NOW + 1)
    assert len(act(store, order, NOW + 2)) == 2
    assert act(store, Revoke(recipient=COOP), NOW + 3) == 1
    with pytest.raises(ConsentError, match=r"what you gave to coop@sen2\.test by this invitation was withdrawn"):
        act(store, order, NOW + 4)
    assert states(store, NOW + 4) == ["withdrawn", "valid"]
    later = replace(order, at=int(NOW) + 60)
    assert [row["recipient"] for row in act(store, later, NOW + 61)] == [COOP, ARCHIVE]
    assert states(store, NOW + 61) == ["withdrawn", "valid", "valid"]


def test_a_yes_counts_for_a_week_and_what_was_given_by_it_for_as_long_as_it_says(store):
    """What was given in time is told of however late; what was not is not given without another look."""
    order = yes(store)
    with pytest.raises(ConsentError, match="your yes has waited for a week, and counts no more"):
        act(store, order, NOW + WEEK + 1)
    assert states(store, NOW) == []
    act(store, order, NOW + WEEK)
    assert [row["recipient"] for row in act(store, order, NOW + 5 * WEEK)] == [COOP, ARCHIVE]
    assert states(store, NOW + 5 * WEEK) == ["valid", "valid"]


def test_one_text_is_of_one_meter_and_of_one_manner(store):
    """What its words could not say truly of each consent is refused, with what to do."""
    grant(store, replace(FORMS[1], series="production/energy", pseudonym=True), NOW)
    with pytest.raises(
        ConsentError, match=r"\(coop@sen2\.test, archive@sen2\.test\) know your meter in different ways"
    ):
        text(store)
    # What was withdrawn binds nobody: the text names the id that will be sent, not the one of before.
    act(store, Revoke(recipient=ARCHIVE), NOW)
    (only,) = (one for one in FORMS if one.recipient == ARCHIVE)
    words = text(store, forms=(only,))["words"]
    given = grant(store, only, NOW + 1)
    assert store.pseudonyms.view_of(ARCHIVE, NOW + 1).meter(given.meter).sensor == "ab12cd34ef"
    assert '("ab12cd34ef")' in " ".join(words.split())


def test_series_of_two_meters_are_not_given_by_one_yes(store):
    """Also where each of them is measured by one meter alone; with the meter said it can be."""
    from gateway.store.recorder import Recorder
    from tests.gateway.store.conftest import frame

    recorder = Recorder("house", {})
    recorder.add(frame(int(NOW), index=5, power=100))
    store.batches.write([recorder.take()], NOW)
    store.meters.add("roof", "ef12")
    both = (FORMS[0], replace(FORMS[0], series="water", meter="roof"))
    with pytest.raises(ConsentError, match=r"is measured by several meters \(house, roof\)"):
        text(store, forms=both)
    assert text(store, forms=(replace(both[0], meter="house"), replace(both[1], meter="house")))["hash"]


def test_where_the_account_is_made_is_said_with_the_place_it_is_looked_for(store):
    """In both languages, where the link names one."""
    for lang in ("en", "fr"):
        words = " ".join(text(store, invited=replace(INVITED, at="192.0.2.7:5222"), lang=lang)["words"].split())
        assert "sen2.test" in words
        assert "192.0.2.7:5222" in words
        assert "192.0.2.7" not in text(store, lang=lang)["words"]
