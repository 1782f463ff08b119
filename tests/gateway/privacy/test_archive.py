"""An archive of a household: all of it, whole or not at all, and back again the same."""

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import ArchiveError
from gateway.privacy.archive import ArchiveReader
from gateway.privacy.manifest import FORMAT, NAME, read
from gateway.privacy.restore import restore
from gateway.senml.pack import decode_json, decode_xml
from gateway.store.connection import FILE_NAME, WriterLock
from gateway.store.dump import ARCHIVED, LEFT_OUT
from gateway.store.store import Store
from tests.gateway.privacy.conftest import COOP, NOW, ROOF, STRANGER, TOWN, VILLE, files_of


@pytest.fixture
def archive(house, run, tmp_path):
    """The folder that a household's export made."""
    code, out, err = run(house, "privacy", "export", "--to", str(tmp_path / "mine"))
    assert (code, err) == (0, "")
    assert out.endswith(f"files in {tmp_path / 'mine'}\n")
    return tmp_path / "mine"


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_what_was_taken_along_and_brought_back_is_the_same(house, empty, run, tmp_path, suffix):
    """Every file of a second export is that of the first, byte by byte; nothing is left out of the comparison."""
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    assert run(house, "privacy", "export", "--to", str(first))[0] == 0
    assert run(empty, "privacy", "import", str(first))[0] == 0
    assert run(empty, "privacy", "export", "--to", str(second))[0] == 0
    if suffix:
        assert first.read_bytes() == second.read_bytes()
        for path in (first, second):
            with zipfile.ZipFile(path) as file:
                file.extractall(path.with_suffix(""))
    before, after = (files_of(path.with_suffix("")) for path in (first, second))
    assert before == after
    assert len(before) > 40
    assert not list(tmp_path.glob("*.part"))


def test_an_archive_holds_what_is_known_of_a_household(archive):
    """Readings in three forms, consents with the words that were read, requests, notices, transfers, journal."""
    files = files_of(archive)
    text = {name: content.decode() for name, content in files.items()}
    for granularity in ("raw", "PT1M", "PT30M", "P1D"):
        from_json = decode_json(text[f"readings/{granularity}.senml.json"], 0)
        from_xml = decode_xml(text[f"readings/{granularity}.senml.xml"], 0)
        assert from_json == from_xml
        assert len(from_json) == text[f"readings/{granularity}.csv"].count("\n") - 1 > 0
    (words,) = [content for name, content in text.items() if name.startswith("consents/texts/")]
    assert "to share a roof" in words
    assert TOWN in text["consents/notices.jsonl"]
    assert STRANGER in text["consents/requests.jsonl"]
    assert {COOP, TOWN} <= {line.split(",")[1] for line in text["consents/transfers.csv"].splitlines()}
    assert ROOF in text["received/points.csv"]
    assert "HC 0,HP" in text["readings/corrections.csv"]
    assert "index-set-by-hand" in text["events.jsonl"]
    assert '"kind":"consent-withdrawn"' in text["journal.jsonl"]
    assert all(name in text for name in ("LISEZMOI.md", "README.md"))


def test_no_secret_is_in_an_archive(house, archive):
    """Neither the account's password nor the keys."""
    everything = b"".join(files_of(archive).values())
    assert b"correct horse" not in everything
    key = (house.directory / "journal.key").read_bytes().splitlines()[1]
    assert key not in everything


def test_the_journal_of_an_archive_can_be_verified(archive, house, run):
    """By anyone, offline, with the export alone; `--config` is that of the test's hand."""
    code, _, err = run(house, "journal", "verify", str(archive / "journal.jsonl"))
    assert (code, err) == (0, "")


def test_every_table_of_the_schema_is_archived_or_left_out_by_name(house):
    """A new table makes somebody decide."""
    with closing(sqlite3.connect(house.directory / FILE_NAME)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables - {"_sqlite_migrations", "sqlite_sequence"} == {*ARCHIVED} | LEFT_OUT.keys()


def test_imported_consents_give_nothing_away_by_themselves(archive, empty, run):
    """They are held, nothing is kept for their recipients, nothing of before waits; one command lets one apply."""
    code, out, _ = run(empty, "privacy", "import", str(archive), "--lang", "fr")
    assert code == 0
    assert "consent resume" in out
    with closing(Store(empty.directory)) as store:
        assert store.outbox.recipients() == []
        assert store.consents.allowed(COOP, NOW) == []
        assert [c.held for c in store.consents.all()] == [True, False, True]
        assert [s.recipient for s in store.subscriptions.all()] == [COOP, TOWN]
        points = store.readings.page("house", "consumption", store.consents.of(COOP)[0].granularity, 0, NOW, 5)
        store.db.begin()
        store.outbox.promise(points, NOW)
        store.db.commit()
        assert store.outbox.recipients() == []
        assert store.consents.lift_limit(COOP, NOW) == 1
        assert len(store.consents.allowed(COOP, NOW)) == 1
        store.db.begin()
        store.outbox.promise(points, NOW)
        store.db.commit()
        assert store.outbox.recipients() == [COOP]
        assert store.consents.limited(TOWN, NOW) is False


def test_the_numbers_of_an_imported_outbox_are_of_another_file(house, archive, empty, run):
    """Whoever has numbers of the old one does not take them for those of the new one."""
    assert run(empty, "privacy", "import", str(archive))[0] == 0
    with closing(Store(house.directory)) as old, closing(Store(empty.directory)) as new:
        assert old.outbox.epoch != new.outbox.epoch
        assert new.journal.head() is not None
        new.journal.append("restarted", {"version": "x"}, now=NOW)
        kinds = [entry.facts()["kind"] for entry in new.journal.entries()]
        assert kinds[-2:] == ["key-rotated", "restarted"]


def test_a_machine_on_which_no_gateway_ever_ran_takes_an_archive(archive, empty, run):
    """The folder is made; what an import that was cut off left there is written over."""
    shutil.rmtree(empty.directory)
    assert run(empty, "privacy", "import", str(archive))[0] == 0
    for path in empty.directory.glob(f"{FILE_NAME}*"):
        path.unlink()
    (empty.directory / f"{FILE_NAME}.importing").write_bytes(b"half")
    assert run(empty, "privacy", "import", str(archive))[0] == 0
    assert (empty.directory / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in empty.directory.iterdir()) == ["linky-gateway.lock", FILE_NAME]


def test_a_gateway_that_has_anything_takes_no_archive(archive, house, run):
    """And nothing of it is changed."""
    before = (house.directory / FILE_NAME).read_bytes()
    code, out, err = run(house, "privacy", "import", str(archive))
    assert (code, out) == (74, "")
    assert "is not empty" in err
    assert (house.directory / FILE_NAME).read_bytes() == before


def test_a_running_gateway_takes_no_archive(archive, empty, run):
    """Whoever writes holds the lock."""
    lock = WriterLock(empty.directory)
    try:
        code, _, err = run(empty, "privacy", "import", str(archive))
    finally:
        lock.release()
    assert code == 74
    assert "stop it first" in err


def test_a_newer_archive_says_so(archive, empty, run):
    """A format or a schema that this program does not know."""
    manifest = json.loads((archive / NAME).read_text())
    for change in ({"format": FORMAT + 1}, {"schema": [*manifest["schema"], "of_next_year"]}):
        (archive / NAME).write_text(json.dumps(manifest | change))
        code, _, err = run(empty, "privacy", "import", str(archive))
        assert code == 65
        assert "update" in err
    (archive / NAME).write_text(json.dumps(manifest | {"schema": ["of_another_program"]}))
    assert run(empty, "privacy", "import", str(archive))[0] == 65


def test_an_archive_of_an_older_schema_is_brought_up_to_date(archive, empty, run):
    """As it would be had the gateway been updated: later steps run on what the archive holds."""
    manifest = json.loads((archive / NAME).read_text())
    later = ("shown_text", "pseudonym", "correction", "confirmed", "span", "tariff_note")
    later += ("imported_batch", "imported_file", "imported_series", "imported")
    for table in later:
        (archive / f"tables/{table}.jsonl").unlink()
        del manifest["files"][f"tables/{table}.jsonl"]
    names = []
    for table, columns in (("consent", 2), ("notice", 1)):
        names.append(f"tables/{table}.jsonl")
        old = [json.loads(line)[:-columns] for line in (archive / names[-1]).read_text().splitlines()]
        (archive / names[-1]).write_text("".join(json.dumps(row) + "\n" for row in old))
    manifest["schema"] = manifest["schema"][: manifest["schema"].index("privacy")]
    _seal(archive, manifest, *names)
    assert run(empty, "privacy", "import", str(archive))[0] == 0
    with closing(Store(empty.directory)) as store:
        assert [c.recipient for c in store.consents.all()] == [COOP, TOWN, VILLE]
        assert store.corrections.all() == []


def _seal(archive, manifest, *names):
    """Let the manifest say what is there now."""
    import hashlib

    for name in names:
        content = (archive / name).read_bytes()
        manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (archive / NAME).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda a: (a / "tables/reading.jsonl").write_bytes(b"x"), "is damaged"),
        (lambda a: (a / "tables/reading.jsonl").unlink(), "is damaged"),
        (lambda a: (a / "README.md").write_bytes((a / "README.md").read_bytes() + b"\n"), "is damaged"),
        (lambda a: (a / NAME).unlink(), "no archive"),
        (lambda a: (a / NAME).write_text("{}"), "not that of a linky-gateway archive"),
        (shutil.rmtree, "no such archive"),
    ],
)
def test_a_broken_archive_is_one_sentence_and_changes_nothing(archive, empty, run, damage, said):
    """All of it is checked before any of it is read."""
    before = (empty.directory / FILE_NAME).read_bytes()
    damage(archive)
    code, out, err = run(empty, "privacy", "import", str(archive))
    assert (code, out) == (65, "")
    assert err.count("\n") == 1
    assert said in err
    assert (empty.directory / FILE_NAME).read_bytes() == before
    assert sorted(p.name for p in empty.directory.iterdir() if "importing" in p.name) == []


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("reading", [1, 2, 3]),
        ("reading", [1, "noon", 5, 0]),
        ("reading", [1, 2**70, 5, 0]),
        ("reading", [1, True, 5, 0]),
        ("reading", {"series": 1}),
        ("meter", [1, "house", "other", None, None, 0]),
        ("consent_change", [99, 4711, 1, "withdrawn", "", "command"]),
        ("consent_change", [99, 1, 1, "forgotten", "", "command"]),
        ("journal", [99, 1, "{}", {"hex": "zz"}, {"hex": ""}]),
    ],
)
def test_a_row_that_no_table_has_is_one_sentence(archive, empty, run, table, row):
    """Somebody made the manifest fit: the database refuses, and stays empty."""
    name = f"tables/{table}.jsonl"
    with (archive / name).open("a") as file:
        file.write(json.dumps(row) + "\n")
    _seal(archive, json.loads((archive / NAME).read_text()), name)
    code, out, err = run(empty, "privacy", "import", str(archive))
    assert (code, out) == (65, "")
    assert err.count("\n") == 1
    assert table in err
    with closing(Store(empty.directory)) as store:
        assert store.meters.all() == []


def test_a_place_that_is_taken_is_not_written_over(house, run, tmp_path):
    """Neither a file nor a folder with something in it."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "photo").write_text("of us")
    (tmp_path / "taken.zip").write_text("mine")
    for name in ("taken", "taken.zip"):
        code, _, err = run(house, "privacy", "export", "--to", str(tmp_path / name))
        assert code == 65
        assert "is there already" in err
    assert (tmp_path / "taken" / "photo").read_text() == "of us"


def test_an_archive_is_the_owners_alone(archive):
    """Nobody else on the machine reads it."""
    assert archive.stat().st_mode & 0o077 == 0
    assert (archive / NAME).stat().st_mode & 0o077 == 0


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda b: b"PK\x03\x04" + b))
def test_no_bytes_make_the_reader_fail_otherwise_than_by_a_sentence(tmp_path_factory, content):
    """Whatever stands in the file, as a ZIP file or as a manifest."""
    path = tmp_path_factory.mktemp("any") / "any.zip"
    path.write_bytes(content)
    with pytest.raises(ArchiveError):
        restore(path, path.parent, lambda *_: None)
    with pytest.raises(ArchiveError):
        read(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_NEAR = st.fixed_dictionaries(
    {"archive": st.just("linky-gateway")},
    optional={
        "format": st.just(FORMAT) | _JSON,
        "made": st.text() | _JSON,
        "version": st.text() | _JSON,
        "schema": st.lists(st.text()) | _JSON,
        "files": st.dictionaries(
            st.sampled_from(["a", "../etc/passwd", "/etc/passwd", "tables/meter.jsonl", "a//b", "manifest.json", ""]),
            st.fixed_dictionaries({"bytes": st.integers() | _JSON, "sha256": st.just("ab" * 32) | _JSON}) | _JSON,
        )
        | _JSON,
    },
)


@settings(max_examples=300, deadline=None)
@given(_NEAR)
def test_a_manifest_names_only_files_inside_its_archive(manifest):
    """What is nearly a manifest is one, with plain names, or a sentence."""
    try:
        found = read(json.dumps(manifest).encode())
    except ArchiveError:
        return
    assert not [name for name in found.files if name.startswith("/") or ".." in name or "//" in name]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_zip_file_never_passes_unseen(house, run, tmp_path_factory, place, bit):
    """It is refused, or it was in what nobody reads: then what comes in is what was taken along."""
    folder = tmp_path_factory.mktemp("flip")
    if not (house.folder / "whole.zip").exists():
        assert run(house, "privacy", "export", "--to", str(house.folder / "whole.zip"))[0] == 0
    content = bytearray((house.folder / "whole.zip").read_bytes())
    content[place % len(content)] ^= 1 << bit
    (folder / "flipped.zip").write_bytes(content)
    try:
        with closing(ArchiveReader(folder / "flipped.zip")) as reader:
            manifest = reader.manifest()
            reader.check(manifest, lambda *_: None)
    except ArchiveError:
        return
    with closing(ArchiveReader(house.folder / "whole.zip")) as reader:
        assert reader.manifest().files == manifest.files
