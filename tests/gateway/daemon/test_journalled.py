"""How a house shares, and when that changes: entries of the journal."""

from contextlib import closing

import pytest

from gateway.config.tables import load
from gateway.daemon.journalled import longest_retention_s, note_sharing
from gateway.store.store import Store
from tests.prepared import prepare

NOW = 1_781_604_000.0
METER = '[[meter]]\nsource = "replay:x"\nsensor = "ab12"\n'
ACCOUNT = '[federation]\njid = "Maison@example.org"\n'


@pytest.fixture
def note(tmp_path):
    """Starts a house with a configuration; whether an entry was made, and the journal."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:

        def start(text):
            (tmp_path / "gateway.toml").write_text(text)
            return note_sharing(load(tmp_path / "gateway.toml"), store.journal, NOW), store.journal

        yield start


def test_a_house_that_shares_nothing_has_nothing_to_tell(note):
    """Not even that its journal begins."""
    made, journal = note(METER)
    assert (made, list(journal.entries())) == (False, [])


def test_only_a_change_of_how_it_shares_is_told(note):
    """Each start with the same is silent; retention, strangers, names, the account and its end are told."""
    told = [
        note(text)[0]
        for text in (
            *(METER + ACCOUNT, METER + ACCOUNT, METER + "[store]\nraw_hours = 24\n" + ACCOUNT),
            *(METER + ACCOUNT + 'max_retention = "P1Y"\n', METER + ACCOUNT + 'max_retention = "P1Y"\nbatch_s = 5\n'),
            *(METER + ACCOUNT + 'strangers = "catalogue"\n', METER.replace("ab12", "cd34") + ACCOUNT),
            *(METER + ACCOUNT.replace("Maison", "autre"), METER, METER),
        )
    ]
    assert told == [True, False, False, True, False, True, True, True, True, False]


def test_the_entry_names_the_account_beside_the_chain_and_no_delivery_point(note):
    """What is erased later proves no change by itself."""
    made, journal = note(METER + 'prm = "30001610071843"\n' + ACCOUNT)
    *_, entry = journal.entries()
    facts = entry.facts()
    assert (made, facts["kind"], facts["retention"], facts["units"]) == (
        *(True, "configuration-changed", "P3Y", "secondary"),
    )
    assert entry.texts["account"].text == "maison@example.org"
    assert note(METER + 'prm = "11111111111111"\n' + ACCOUNT)[0] is False
    journal.erase("maison@example.org")
    assert note(METER + 'prm = "30001610071843"\n' + ACCOUNT)[0] is False


def test_who_was_told_a_longer_retention_may_still_have_the_data(note, tmp_path):
    """A shorter one binds what is sent from now on."""
    _, journal = note(METER + ACCOUNT + 'max_retention = "P2Y"\n')
    note(METER + ACCOUNT + 'max_retention = "P30D"\n')
    assert longest_retention_s(load(tmp_path / "gateway.toml"), journal) == 2 * 365 * 86_400
