"""The queue of notices: what a later one makes untrue is told no more."""

import pytest

from gateway.store.notices import ErasureAsked
from gateway.store.points import Granularity
from gateway.store.terms import Channel, NoticeKind, Offer, Proof, Terms
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


def test_an_erasure_is_asked_for_a_moment_after_the_withdrawal(store):
    """Nothing more is given at once; the notice waits for ten seconds, and for nothing where the clock was set back."""
    consent = answer_yes(store)
    assert store.consents.withdraw(consent, NOW + 1, asking=ErasureAsked(after_s=10)) == 1
    assert [one.valid(NOW + 2) for one in store.consents.of(COOP)] == [False]
    assert (due(store, NOW + 1), due(store, NOW + 10.9), due(store, NOW + 11)) == ([], [], [WITHDRAWN])
    assert (store.notices.held_until(NOW + 1), store.notices.held_until(NOW + 11)) == (NOW + 11, None)
    assert due(store, NOW - 86_400) == [WITHDRAWN]
    assert store.notices.spare_erasure(COOP, NOW + 11) == 0, "too late"


def test_until_then_the_recipient_is_spared_it_and_told_of_the_withdrawal_alone(store):
    """At once, with a period that holds nothing; the journal has that no erasure was asked for."""
    consent = answer_yes(store)
    store.consents.withdraw(consent, NOW + 1, asking=ErasureAsked(after_s=10))
    assert store.notices.spare_erasure("other@sen2.test", NOW + 5) == 0
    assert store.journal.facts_of("erasure-spared") == []
    assert store.notices.spare_erasure(COOP, NOW + 5, "anne", Channel.WEB) == 1
    (chosen,) = store.journal.facts_of("erasure-spared")
    assert chosen == {"kind": "erasure-spared", "recipient": COOP, "by": "anne", "notices": 1, "channel": "web"}
    (notice,) = store.notices.to_send(NOW + 5)
    assert (notice.kind, notice.payload["spared"], notice.held_until) == (WITHDRAWN, 1, 0)
    assert (notice.payload["first"], notice.payload["last"], notice.payload["series"]) == (0, 0, POWER)
    store.notices.sent(notice.id, NOW + 5)
    facts = [entry.facts() for entry in store.journal.entries()][-1]
    assert (facts["kind"], facts["told"], facts["erasure"]) == ("notice-sent", "consent-withdrawn", 0)
    assert store.notices.spare_erasure(COOP, NOW + 6) == 0, "once"


def test_a_withdrawal_may_ask_for_no_erasure_from_the_beginning(store):
    """Nothing is held then."""
    store.consents.withdraw(answer_yes(store), NOW + 1, asking=ErasureAsked(spared=True))
    (notice,) = store.notices.to_send(NOW + 1)
    assert (notice.kind, notice.payload["spared"], notice.payload["last"]) == (WITHDRAWN, 1, 0)
    assert [facts["erasure"] for facts in store.journal.facts_of("consent-withdrawn")] == [0]
