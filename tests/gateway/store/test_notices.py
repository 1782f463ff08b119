"""The queue of notices: what a later one makes untrue is told no more."""

import pytest

from gateway.store.points import Granularity
from gateway.store.terms import NoticeKind, Offer, Proof, Terms
from tests.gateway.store.conftest import POWER
from tests.gateway.store.test_consents import COOP, NOW

GRANTED, LIMITED = NoticeKind.ACCESS_GRANTED, NoticeKind.CONSENT_LIMITED
RESUMED, WITHDRAWN = NoticeKind.CONSENT_RESUMED, NoticeKind.CONSENT_WITHDRAWN


def answer_yes(store, path=POWER):
    """A request is granted; the consent's number."""
    asked = store.access.ask(COOP, "ab12cd34ef", path, Granularity.RAW, Terms(), NOW)
    offer = Offer("house", path, Granularity.RAW, NOW + 10**7, NOW)
    (consent,) = store.access.grant(asked.id, [offer], Proof(), NOW)
    return consent.id


def due(store, now=NOW + 10**6):
    """The kinds of the notices that are to be sent, in order."""
    return [notice.kind for notice in store.notices.to_send(now)]


@pytest.mark.parametrize("sent", [False, True])
def test_after_a_withdrawal_nobody_is_told_that_the_household_said_yes(store, sent):
    """Whether it had gone out before and waits for its receipt, or not."""
    consent = answer_yes(store)
    if sent:
        (notice,) = store.notices.to_send(NOW)
        store.notices.sent(notice.id, NOW)
    store.consents.withdraw(consent, NOW + 1)
    assert due(store) == [WITHDRAWN]
    assert [notice.superseded for notice in store.notices.all()] == [True, False]


def test_the_last_word_on_a_consent_is_the_one_that_is_told(store):
    """Granted, suspended, resumed, suspended: only the last; a withdrawal is never superseded, it asks for erasure."""
    consent = answer_yes(store)
    store.consents.limit(COOP, NOW + 1)
    assert due(store) == [LIMITED]
    store.consents.lift_limit(COOP, NOW + 2)
    assert due(store) == [RESUMED]
    store.consents.limit(COOP, NOW + 3)
    assert due(store) == [LIMITED]
    store.consents.withdraw(consent, NOW + 4)
    answer_yes(store)
    assert due(store) == [WITHDRAWN, GRANTED]


def test_a_notice_on_another_consent_is_told_all_the_same(store):
    """What is withdrawn says nothing of what stays."""
    first, _ = answer_yes(store, "consumption/power"), answer_yes(store, "consumption/energy")
    store.consents.withdraw(first, NOW + 1)
    assert due(store) == [GRANTED, WITHDRAWN]


def test_one_that_was_superseded_between_the_look_and_the_sending_does_not_go_out(store):
    """Nor one that was confirmed in between; the journal tells of none that was not sent."""
    consent = answer_yes(store)
    (notice,) = store.notices.to_send(NOW)
    store.consents.withdraw(consent, NOW + 1)
    assert not store.notices.sent(notice.id, NOW + 2)
    (told,) = store.notices.to_send(NOW + 2)
    assert store.notices.sent(told.id, NOW + 2)
    assert store.notices.confirmed(told.id, COOP, NOW + 3)
    assert not store.notices.sent(told.id, NOW + 4)
    assert len(store.journal.facts_of("notice-sent")) == 1


def test_a_receipt_that_comes_late_still_counts(store):
    """It was told, whatever was true afterwards."""
    consent = answer_yes(store)
    (notice,) = store.notices.to_send(NOW)
    store.notices.sent(notice.id, NOW)
    store.consents.withdraw(consent, NOW + 1)
    assert store.notices.confirmed(notice.id, COOP, NOW + 2)


def test_a_yes_names_no_time_but_its_end(store):
    """Without first and last; nothing was handed over under it yet."""
    answer_yes(store)
    (notice,) = store.notices.all()
    assert notice.payload["until"] == NOW + 10**7
    assert not {"first", "last"} & notice.payload.keys()
