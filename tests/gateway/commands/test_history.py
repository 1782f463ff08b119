"""``linky-gateway history``: a look, a question, an import, a list, an undo; what is shown is what is then stored."""

import json
import shutil
from contextlib import closing
from datetime import date
from itertools import pairwise

import pytest

from gateway.commands.main import main
from gateway.config.tables import load
from gateway.store.erasure import Range
from gateway.store.store import Archive, Store
from servers import wait_until
from tests.gateway.commands.test_examples import HISTORY
from tests.gateway.daemon.test_counters import WAIT_S, live
from tests.gateway.household.past.test_files import curve_csv
from tests.gateway.household.past.test_plan import index_csv, life
from tests.prepared import prepare

PRM = "00000000000011"
FIRST = date(2024, 10, 22)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A gateway that does not run, and two files of the customer account."""
    (tmp_path / "gateway.toml").write_text(
        f'[[meter]]\nname = "house"\nprm = "{PRM}"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n'
    )
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12")
    start, watts, indexes = life()
    (tmp_path / "curve.csv").write_bytes(curve_csv(start, watts))
    (tmp_path / "double.csv").write_bytes(curve_csv(start, [2 * value for value in watts]))
    (tmp_path / "index.csv").write_bytes(index_csv(FIRST, indexes))
    shutil.copy(HISTORY / "heure-header-only.csv", tmp_path / "empty.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*words):
    """The exit code of a command."""
    return main(["history", *words, "--config", "gateway.toml"])


def batches(home):
    with closing(Archive(home / "data")) as archive:
        return archive.imports.batches()


def test_a_look_changes_nothing(home, capsys):
    """And says what there is, in both languages."""
    assert typed("add", "curve.csv", "index.csv", "--dry-run", "--lang", "en") == 0
    said = capsys.readouterr()
    assert "curve.csv: Enedis customer account" in said.out
    assert "10 of 10 whole days match the indexes" in said.out
    assert said.err == ""
    assert typed("add", "curve.csv", "index.csv", "--dry-run", "--lang", "fr") == 0
    assert "10 jours complets sur 10 correspondent aux index" in capsys.readouterr().out
    assert batches(home) == []
    assert sorted(path.name for path in (home / "data").glob("history-*")) == []


def test_what_is_shown_is_stored(home, capsys):
    """The same figures, in JSON too; and nothing is left beside the database."""
    assert typed("add", "curve.csv", "index.csv", "--yes", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["points"] for one in shown["imported"]] == [file["points"] for file in shown["files"]]
    assert [one.points for one in batches(home)] == [one["points"] for one in shown["imported"]]
    assert sum(one.points for one in batches(home)) == shown["points"]
    assert list((home / "data").glob("history-*")) == []
    assert typed("list", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["number"], row["name"], row["file_kept"]) for row in rows] == [
        (1, "curve.csv", True),
        (2, "index.csv", True),
    ]


def test_twice_adds_nothing_and_says_so(home, capsys):
    """Which import it is already."""
    typed("add", "curve.csv", "--yes")
    capsys.readouterr()
    assert typed("add", "curve.csv", "--yes", "--lang", "en") == 0
    assert "curve.csv: imported already, as import 1: nothing is added" in capsys.readouterr().out
    assert len(batches(home)) == 1


def test_what_is_refused_ends_as_wrong_data(home, capsys):
    """By a check, by a reader, by the system; nothing is stored."""
    assert typed("add", "double.csv", "index.csv", "--yes", "--lang", "en") == 65
    assert "the curve is twice what the indexes say" in capsys.readouterr().out
    assert typed("add", "empty.csv", "--yes", "--lang", "en") == 65
    assert "empty.csv: not imported: it holds no data" in capsys.readouterr().out
    assert typed("add", "nowhere.csv", "--yes", "--lang", "en") == 1
    assert "nowhere.csv: cannot be read: No such file" in capsys.readouterr().err
    assert batches(home) == []


def test_one_bad_file_does_not_keep_the_others_out(home, capsys):
    """It is told, and the exit code tells it too."""
    assert typed("add", "empty.csv", "curve.csv", "--yes", "--lang", "en") == 65
    assert [one.name for one in batches(home)] == ["curve.csv"]


def test_without_a_terminal_nobody_is_asked(home, capsys):
    """Nor is anything imported."""
    assert typed("add", "curve.csv", "--lang", "en") == 1
    assert "add --yes" in capsys.readouterr().err
    assert batches(home) == []


def test_an_undo_takes_it_away(home, capsys):
    """With its file; where there is no such number, it says so."""
    typed("add", "curve.csv", "index.csv", "--yes")
    capsys.readouterr()
    assert typed("undo", "1", "--lang", "en") == 0
    assert capsys.readouterr().out.startswith("Import 1 (curve.csv) is undone: its 482 values are gone. Values of it")
    assert typed("undo", "1", "--lang", "en") == 74
    assert "there is no import 1" in capsys.readouterr().err
    assert [one.name for one in batches(home)] == ["index.csv"]
    typed("add", "curve.csv", "--yes", "--lang", "en")
    assert "Import 3: 482 values of curve.csv kept." in capsys.readouterr().out


def test_what_went_with_an_undo_comes_back_as_it_says(home, capsys):
    """A longer file had the values as well, and only what was new of it was kept."""
    start, watts, _ = life()
    (home / "part.csv").write_bytes(curve_csv(start, watts[:300]))
    typed("add", "part.csv", "--yes")
    typed("add", "curve.csv", "--yes")
    capsys.readouterr()
    typed("undo", "1", "--lang", "en")
    assert "undo those imports too and import their files again" in capsys.readouterr().out
    typed("add", "curve.csv", "--yes", "--lang", "en")
    assert "as import 2: nothing is added; to have it read anew, undo that import first" in capsys.readouterr().out
    typed("undo", "2")
    typed("add", "curve.csv", "--yes")
    assert [one.points for one in batches(home)] == [len(watts)]


def test_years_before_are_compared_before_the_meter_was_ever_heard(home, capsys):
    """Files are what a household has on its first evening."""
    (home / "later.csv").write_bytes(curve_csv(*life(date(2096, 10, 22))[:2]))
    typed("add", "curve.csv", "--yes")
    typed("add", "later.csv", "--yes")
    capsys.readouterr()
    days = "--from", "2024-10-22", "--to", "2024-11-01"
    assert main(["compare", "bleu-base", "--power", "6", "--config", "gateway.toml"]) == 0
    assert "2096" not in capsys.readouterr().out
    assert main(["compare", "bleu-base", "--power", "6", "--json", *days, "--config", "gateway.toml"]) == 0
    found = json.loads(capsys.readouterr().out)
    (offer,) = found["offers"]
    (month,) = offer["months"]
    with (home / "gateway.toml").open("a") as file:
        file.write('[[tariff]]\nname = "own"\nfrom = 2024-01-01\nuntil = 9999-12-31\nprices = { base = 0.2 }\n')
    assert main(["compare", "--power", "6", *days, "--config", "gateway.toml"]) == 0
    assert sum(month["wh"].values()) == found["drawn_wh"] == sum(life()[1]) // 2
    assert month["total"] == pytest.approx(found["drawn_wh"] / 1000 * 0.194 + 15.65 * 10 / 31, abs=0.001)


def test_what_ones_own_contract_leaves_open_is_taken_from_the_command(home, capsys):
    """As the sentence says that asks for it."""
    typed("add", "curve.csv", "--yes")
    with (home / "gateway.toml").open("a") as file:
        file.write(
            '[[tariff]]\nname = "own"\nfrom = 2024-01-01\nprices = { low = 0.1, high = 0.2 }\n'
            '[[tariff.when]]\nclass = "low"\ndays = ["sat", "chosen"]\n[[tariff.when]]\nclass = "high"\n'
        )
    capsys.readouterr()
    main(["compare", "--lang", "en", "--config", "gateway.toml"])
    assert "give it by --weekday wed" in " ".join(capsys.readouterr().out.split())
    main(["compare", "--json", "--weekday", "wed", "--config", "gateway.toml"])
    (own,) = json.loads(capsys.readouterr().out)["offers"]
    assert own["total"] > 0


def test_a_file_is_deleted_and_its_values_stay(home, capsys):
    """The household may want neither to be read again."""
    typed("add", "curve.csv", "--yes")
    assert typed("forget", "1") == 0
    (batch,) = batches(home)
    assert (batch.points, bool(batch.file_kept)) == (482, False)


def test_the_file_comes_back_as_it_was(home, capsysbinary):
    """Byte for byte, while it is kept."""
    typed("add", "curve.csv", "--yes")
    capsysbinary.readouterr()
    assert typed("file", "1") == 0
    assert capsysbinary.readouterr().out == (home / "curve.csv").read_bytes()
    typed("forget", "1")
    assert typed("file", "1") == 1
    assert typed("file", "9" * 20) == 74


def test_the_journal_tells_of_each(home, capsys):
    """Signed, in the chain: who imported what, what was undone."""
    typed("add", "curve.csv", "--yes")
    typed("forget", "1")
    typed("undo", "1")
    assert main(["journal", "verify", "--config", "gateway.toml"]) == 0
    with closing(Archive(home / "data")) as archive:
        facts = [entry.facts() for entry in archive.journal.entries()]
    assert [one["kind"] for one in facts][1:] == ["history-imported", "history-file-deleted", "history-undone"]
    assert (facts[1]["points"], facts[1]["import"], facts[1]["form"]) == (482, 1, "enedis-curve-csv")


def test_years_before_stand_in_the_balance_and_not_in_the_cost(home, capsys):
    """Marked in text and JSON; `cost` has no classes for them."""
    typed("add", "curve.csv", "index.csv", "--yes")
    capsys.readouterr()
    dates = ("--from", "2024-10-01", "--to", "2024-12-01", "--config", "gateway.toml")
    assert main(["balance", "--period", "month", "--lang", "en", *dates]) == 0
    said = capsys.readouterr().out
    assert "2024-10 ° *" in said
    assert "° wholly or partly from an imported file" in said
    assert main(["balance", "--period", "day", "--json", *dates]) == 0
    found = json.loads(capsys.readouterr().out)["rows"]
    _, _, indexes = life()
    assert [row["drawn_wh"] for row in found] == [b - a for a, b in pairwise(indexes)]
    assert all(row["imported"] for row in found)


def test_the_year_before_may_be_imported(home, capsys):
    """ "The same month last year", marked in its own column."""
    typed("add", "curve.csv", "--yes")
    capsys.readouterr()
    dates = ("--from", "2024-10-22", "--to", "2025-11-02", "--config", "gateway.toml")
    assert main(["balance", "--period", "year", "--lang", "en", *dates]) == 0
    assert "2024 ° *" in capsys.readouterr().out


def test_an_export_marks_what_was_imported(home, capsys):
    """As CSV with the number of its import; SenML has no place for that."""
    typed("add", "curve.csv", "--yes")
    capsys.readouterr()
    assert main(["export", "--format", "csv", "--imported", "--config", "gateway.toml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "time,meter,series,granularity,value,unit,quality,import"
    assert len(lines) == 483
    assert lines[1].startswith("2024-10-21T22:00:00Z,house,consumption/power/active/raw,PT30M,")
    assert lines[1].endswith(",W,imported,1")
    assert main(["export", "--format", "senml-json", "--imported", "--config", "gateway.toml"]) == 2
    assert main(["export", "--format", "csv", "--imported", "--granularity", "P1D", "--config", "gateway.toml"]) == 2
    capsys.readouterr()
    assert main(["export", "--format", "csv", "--config", "gateway.toml"]) == 0
    assert capsys.readouterr().out.count("imported") == 0


def test_an_erasure_takes_imported_points_and_the_files_they_came_in(home):
    """Of a series and a time; what is left of a file would still tell what was erased."""
    typed("add", "curve.csv", "index.csv", "--yes")
    with closing(Store(home / "data")) as store:
        (first, second) = store.imports.batches()
        span = Range("house", "consumption/power", first.first, first.first + 86_400)
        assert store.erasure.what_is_in(span).readings == 48
        store.erasure.erase_range(span, 2**31)
        (left, other) = store.imports.batches()
        assert (left.points, bool(left.file_kept), left.name) == (482 - 48, False, "")
        assert (other.points, bool(other.file_kept)) == (second.points, True)
        store.erasure.erase_everything(2**31)
        assert store.imports.batches() == []
        assert store.imports.series("house") == {}


def test_an_archive_takes_it_along_and_brings_it_back(home, tmp_path, capsys):
    """Points, batches and files, row by row."""
    typed("add", "curve.csv", "index.csv", "--yes")
    assert main(["privacy", "export", "--to", "all.zip", "--config", "gateway.toml"]) == 0
    (home / "other.toml").write_text(
        (home / "gateway.toml").read_text().replace('directory = "data"', 'directory = "new"')
    )
    assert main(["privacy", "import", "all.zip", "--config", "other.toml"]) == 0
    with closing(Archive(home / "data")) as one, closing(Archive(home / "new")) as other:
        assert other.imports.batches() == one.imports.batches()
        assert list(other.imports.stream("", 0, 2**40)) == list(one.imports.stream("", 0, 2**40))
        assert [other.imports.file_of(n) for n in (1, 2)] == [
            (home / name).read_bytes() for name in ("curve.csv", "index.csv")
        ]


def test_a_running_gateway_stores_what_the_command_read(home, capsys, monkeypatch):
    """The command reads, the daemon writes; nothing is done beside it."""
    config = load(home / "gateway.toml")
    monkeypatch.delattr("gateway.control.orders.act_alone")

    def scenario():
        wait_until(config.control_socket.exists, WAIT_S, "the daemon")
        assert typed("add", "curve.csv", "index.csv", "--yes", "--lang", "en") == 0
        assert [one.points for one in batches(home)] == [482, 11]
        assert typed("add", "curve.csv", "--yes") == 0
        assert typed("undo", "1", "--lang", "en") == 0
        assert typed("undo", "7", "--lang", "en") == 74
        assert typed("forget", "2") == 0
        assert [(one.points, bool(one.file_kept)) for one in batches(home)] == [(11, False)]

    live(config, scenario)
    said = capsys.readouterr()
    assert "Import 1: 482 values of curve.csv kept." in said.out
    assert "there is no import 7" in said.err
    assert list(config.directory.glob("history-*")) == []
