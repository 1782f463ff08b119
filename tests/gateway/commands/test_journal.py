"""``linky-gateway journal`` as a person meets it, and the verifier that its README gives to everybody else."""

import json
import logging
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.commands.main import main
from gateway.federation.recipient.recipient import Keeper
from gateway.federation.wire.stanza import Interval, QuoaliseMessage
from gateway.journal.entry import NO_ENTRY, Head, digest
from gateway.journal.key import read_key
from gateway.store.points import Granularity
from gateway.store.received import Lot
from gateway.store.store import Store
from gateway.web.sharing.words import SHARING_WORDS
from tests.gateway.store.conftest import START
from tests.prepared import prepare

ROOT = Path(__file__).parents[3]
README = ROOT / "gateway" / "journal" / "README.md"
COOP = "coop@sen2.test"


@pytest.fixture
def house(tmp_path):
    """A configuration whose journal has four entries, the last one's text erased."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12cd34ef")
        store.consents.grant(COOP, "house", "consumption/energy", Granularity.HALF_HOUR, START + 86400, START)
        store.consents.revoke(COOP, "", START + 60)
        store.journal.append("access-asked", {}, {"recipient": "zoe@example.org"}, START + 120)
        store.journal.erase("zoe@example.org")
    return config


@pytest.fixture
def export(house, capsys):
    """A file of that journal, and its key."""
    path = house.with_name("journal.jsonl")
    assert main(["journal", "export", "--config", str(house)]) == 0
    path.write_text(capsys.readouterr().out)
    assert main(["journal", "key", "--config", str(house)]) == 0
    return path, capsys.readouterr().out.strip()


def test_what_is_exported_is_verified_anywhere(export, capsys):
    """With the key no word of doubt, without one a word on it; digits or a file."""
    path, key = export
    key_file = path.with_name("key")
    key_file.write_text(key + "\n")
    for trusted in (key, str(key_file)):
        assert main(["journal", "verify", "--lang", "en", "--key", trusted, str(path)]) == 0
        head, last, named = capsys.readouterr().out.splitlines()
        assert head == "4 entries, all whole and signed; 1 texts erased"
        assert re.fullmatch(r"last: 4:[0-9a-f]{64}", last)
        assert named == f"key: {key}"
    anchor = last.removeprefix("last: ")
    assert main(["journal", "verify", "--lang", "fr", "--anchor", anchor, str(path)]) == 0
    assert "comparez-la" in capsys.readouterr().out


def test_the_journal_of_the_house_is_verified_where_it_is(house, capsys):
    """By the key that lies beside it."""
    assert main(["journal", "verify", "--config", str(house), "--lang", "fr"]) == 0
    assert "4 entrées, toutes intactes et signées" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda ls: [ls[0], ls[1].replace("PT30M", "PT60M"), *ls[2:]], "entry 2 was changed or damaged"),
        (lambda ls: [ls[0], *ls[2:]], "entry 2 is missing: it was removed"),
        (lambda ls: [ls[0], ls[2], ls[1], ls[3]], "entry 2 is not in its place"),
        (lambda ls: ls[:3], "entry 4 is missing: the end of the journal was cut off"),
    ],
)
def test_a_spoilt_journal_is_refused_by_the_number_of_its_entry(export, capsys, spoil, sentence):
    """Exit code 65, one sentence, and nothing on standard output."""
    path, key = export
    lines = path.read_text().splitlines(keepends=True)
    last = json.loads(lines[-1])
    path.write_text("".join(spoil(lines)))
    anchor = f"{last['seq']}:{last['hash']}"
    assert main(["journal", "verify", "--lang", "en", "--key", key, "--anchor", anchor, str(path)]) == 65
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"linky-gateway: {sentence}\n")


def test_a_change_in_the_database_itself_is_found(house, capsys):
    """By verify, in the house and in an export, and show does not stumble over it."""
    with closing(Store(house.parent / "data")) as store:
        store.db.execute("UPDATE journal SET event = '{' WHERE seq = 3")
    assert main(["journal", "verify", "--config", str(house), "--lang", "en"]) == 65
    assert capsys.readouterr().err == "linky-gateway: entry 3 was changed or damaged\n"
    assert main(["journal", "show", "--config", str(house)]) == 65
    assert "entry 3 was changed and cannot be shown" in capsys.readouterr().err


@pytest.mark.parametrize("word", [["--key", "abc"], ["--anchor", "4:abc"]])
def test_a_key_or_an_anchor_that_is_none_is_wrong_use(export, word, capsys):
    """Exit code 2 and what to write instead."""
    with pytest.raises(SystemExit) as wrong:
        main(["journal", "verify", *word, str(export[0])])
    assert wrong.value.code == 2
    assert "as `journal" in capsys.readouterr().err


def test_a_person_reads_one_line_an_entry(house, capsys):
    """In both languages, erased texts said to be so."""
    assert main(["journal", "show", "--config", str(house), "--lang", "fr", "--from", "2026-06-16T10:00:00Z"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"^\S+ +\d+  ", "", line) for line in lines if " 1  " not in line] == [
        f"consentement donné · destinataire {COOP} · consentement 1 · compteur house · série consumption/energy"
        " · finesse PT30M · envoi oui · historique oui · à partir du 2026-06-16T10:00:00Z"
        " · jusqu'au 2026-06-17T10:00:00Z · voie command",
        f"consentement retiré · destinataire {COOP} · consentement 1 · voie command",
        "accès demandé · destinataire (effacé)",
    ]
    since, until = "2026-06-16T10:01:00Z", "2026-06-16T10:02:00Z"
    assert main(["journal", "show", "--config", str(house), "--json", "--from", since, "--to", until]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "seq": 3,
        "time": since,
        "kind": "consent-withdrawn",
        "consent": 1,
        "channel": "command",
        "recipient": COOP,
    }


@pytest.fixture
def system_log(tmp_path, monkeypatch):
    """A system log that holds what is written to the file; journalctl itself needs a systemd that runs."""
    file, folder = tmp_path / "system.log", tmp_path / "bin"
    folder.mkdir()
    (folder / "journalctl").write_text(f'#!/bin/sh\ncat "{file}"\n')
    (folder / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    file.write_text("")
    return file


def forge(store):
    """What who has the card can do: three consents deleted, the rest renumbered and signed anew with journal.key."""
    kept = [e for e in store.journal.entries() if e.facts()["kind"] != "consent-granted"]
    key = read_key(store.journal.key_path)
    store.db.execute("BEGIN")
    store.db.execute("DELETE FROM journal_text")
    store.db.execute("DELETE FROM journal")
    prev = NO_ENTRY
    for seq, entry in enumerate(kept, 1):
        prev = digest(prev, seq, entry.time, entry.event)
        store.db.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?)", [seq, entry.time, entry.event, prev, key.sign(prev)]
        )
    store.db.execute("COMMIT")


@pytest.fixture
def consented(house):
    """Three more consents, as the daemon stores them."""
    with closing(Store(house.parent / "data")) as store:
        for name in ("a", "b", "c"):
            store.consents.grant(
                f"{name}@sen2.test", "house", "consumption/energy", Granularity.DAY, START + 86400, START + 200
            )
    return house


@pytest.mark.parametrize("anchor", ["the system's log", "a recipient"])
def test_a_journal_that_was_written_anew_with_its_own_key_is_noticed(
    consented, system_log, caplog, capsys, tmp_path, anchor
):
    """By what the daemon told the system's log, or a recipient: without asking for it, the key being right."""
    caplog.set_level(logging.INFO)
    held = tmp_path / "recipient.sqlite"
    with closing(Store(consented.parent / "data")) as store:
        store.batches.write([], START + 300)
        system_log.write_text("".join(f"INFO {r.name}: {r.message}\n" for r in caplog.records))
        with closing(Keeper(held)) as keeper:
            keeper.add(
                QuoaliseMessage((), Interval(store.outbox.epoch, 0, 1), "s", None, {}, {}, store.journal.head()),
                "gw@sen1.test",
            )
    if anchor == "a recipient":
        system_log.write_text("")
    words = ["journal", "verify", "--config", str(consented), "--lang", "en"]
    words += ["--recipient", str(held)] if anchor == "a recipient" else []
    assert main(words) == 0
    whole = capsys.readouterr().out
    with closing(Store(consented.parent / "data")) as store:
        forge(store)
    assert main(words) == 65
    assert "the end of the journal was cut off" in capsys.readouterr().err
    assert "hashes noted elsewhere (system log, recipients): 1, all of them are in it" in whole
    system_log.unlink()
    assert main(words[:6]) == 0
    assert "checked by the key alone" in capsys.readouterr().out


def test_a_head_is_told_to_the_system_log_once(consented, caplog):
    """Where it has changed, with the epoch of the database; nothing of anybody."""
    caplog.set_level(logging.INFO)
    with closing(Store(consented.parent / "data")) as store:
        for second in range(3):
            store.batches.write([], START + 300 + second)
        head = store.journal.head()
        told = [record.message for record in caplog.records]
        assert told == [f"the journal of database {store.outbox.epoch} ends with {head.seq}:{head.hash}"]
        store.journal.append("restarted", {"version": "1"}, now=START + 400)
        store.batches.write([], START + 400)
    assert len(caplog.records) == 2


def test_the_log_of_another_database_is_not_held_against_this_one(consented, system_log, capsys):
    """After a restored backup the log goes on with another epoch: said, and no fault."""
    system_log.write_text(f"the journal of database 00000000 ends with 1:{'ab' * 32}\nend of line\n")
    assert main(["journal", "verify", "--config", str(consented), "--lang", "fr"]) == 0
    out = capsys.readouterr().out
    assert "vérifié avec la clé seule" in out
    assert "une autre base" in out


def test_the_page_and_the_documents_claim_no_more_than_that():
    """Of whoever has the card, and with it the key, they say what is so, in both languages."""
    for lang, others, card in (
        ("fr", "d’autres que vous", "qui a cette carte"),
        ("en", "by somebody else", "whoever has"),
    ):
        assert others in SHARING_WORDS[lang]["journal_intro"]
        assert card in SHARING_WORDS[lang]["journal_intro"]
    security = (ROOT / "SECURITY.md").read_text()
    assert "que d’autres que vous modifient" in security
    assert "others than you" in security


def test_a_house_without_a_journal_has_no_key(tmp_path, capsys):
    """And says when it will."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    assert main(["journal", "key", "--config", str(config)]) == 74
    assert "there is no journal yet" in capsys.readouterr().err


def test_a_recipients_anchors_are_printed_as_verify_takes_them(tmp_path, capsys):
    """The number and hash first, then whose and when; a file that is none is refused."""
    path = tmp_path / "r.sqlite"
    with closing(Keeper(path)) as keeper:
        keeper.add(
            QuoaliseMessage((), Interval("0a1b2c3d", 0, 1), "s", None, {}, {}, Head(7, "ab" * 32)), "gw@sen1.test"
        )
    assert main(["journal", "anchors", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"7:{'ab' * 32}  gw@sen1.test  0a1b2c3d  20")
    assert main(["journal", "anchors", str(tmp_path / "none")]) == 74
    assert not (tmp_path / "none").exists()


def test_the_verifier_of_the_readme_agrees(export, tmp_path):
    """What the README gives to others takes a whole journal and stops at a spoilt entry."""
    path, key = export
    (script,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    program = tmp_path / "verifier.py"
    program.write_text(script)

    def run():
        command = [sys.executable, "-W", "ignore", program, key, path]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    good = run()
    assert good.returncode == 0, good.stderr
    assert good.stdout.split()[0] == "4"
    path.write_text(path.read_text().replace("consumption/energy", "consumption/energx"))
    assert "AssertionError: 2" in run().stderr


def test_decoding_does_not_pay_for_the_journal():
    """Neither the command line nor the store loads the signing library by being loaded."""
    rooms = "gateway.commands.main, gateway.commands.decode_frames, gateway.links.link, gateway.control.orders"
    program = f"import sys, {rooms}; sys.exit('cryptography' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", program], check=False, env=environment).returncode == 0


def test_a_house_prints_the_anchors_that_it_keeps_of_others(tmp_path, capsys):
    """Without a file; the newest head of each provider's database, never an older one that comes late."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        for number, seq in enumerate((7, 9, 8)):
            numbers = ("0a1b2c3d", number, number + 1)
            store.providers.receive("gw@sen1.test", [Lot([], numbers, None, head=(seq, f"{seq}" * 64))], 1_781_604_000)
    assert main(["journal", "anchors", "--config", str(config)]) == 0
    assert capsys.readouterr().out == f"9:{'9' * 64}  gw@sen1.test  0a1b2c3d  2026-06-16T10:00:00Z\n"
