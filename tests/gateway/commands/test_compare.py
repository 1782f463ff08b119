"""``linky-gateway compare`` as a household types it: what it shows, in both languages, and in the forms of programs."""

import csv
import io
import json
from datetime import date, timedelta

import pytest

from gateway.commands.main import main
from gateway.config.offers import EXAMPLES, find_offer
from tests.gateway.balance.contracts import ContractHouse

FIRST = date(2026, 1, 5)
DAYS = ("--from", str(FIRST), "--to", str(FIRST + timedelta(days=3)))


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The configuration of a house that lived three days from 22 to 6 o'clock off-peak."""
    folder = tmp_path_factory.mktemp("house")
    ContractHouse(folder, "hc", 1, FIRST, FIRST + timedelta(days=3))
    return folder / "gateway.toml"


def typed(capsys, config, *words, code=0, lang="en"):
    """Standard output of the command."""
    assert main(["compare", "--config", str(config), "--lang", lang, *DAYS, *words]) == code
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def test_offers_stand_beside_each_other_with_their_source_and_its_day(config, capsys):
    """Months, classes, what is moved, the power; no line is wider than a terminal, none is a promise."""
    out = typed(capsys, config, "bleu-hc", "zen-week-end", "tempo", "--power", "9", "--shift", "3@19:00/21:00")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    flat = " ".join(out.split())
    for said in (
        "The check: your contract by its hours",
        "on the same 3 days for all (3 of 3 are known)",
        "A: Tarif Bleu, option Heures Creuses, prices from 2026-02-01 on (price sheet of 2026-02-01",
        "checked 2026-05-18)",
        "A, B: examples that came with this program; their prices need not be those of today.",
        "A, B: nobody has checked these prices for more than six months",
        "Tarif Bleu, option Tempo: not computable: the colours of 3 of 3 days are not known",
        "Moving 3.0 kWh a day from 19:00–21:00 to the cheapest hours",
        "Today's prices on past energy",
        "Not a whole year: nothing is projected.",
        "Your contract by its hours comes to what your meter counted.",
        "kVA would have done; you have 12 kVA. A smaller power trips the breaker",
    ):
        assert said in flat, said
    assert [line.split()[0] for line in lines if line.startswith(("2026-01", "Total"))].count("2026-01") == 1


def test_what_is_shown_is_all_french_or_all_english(config, capsys):
    """Sentence by sentence the same, and the numbers in the manner of each."""
    words = ("bleu-base", "tempo", "--power", "6", "--shift", "1,5@12:00/14:00", "--dated")
    french, english = (typed(capsys, config, *words, lang=lang) for lang in ("fr", "en"))
    assert len(french.splitlines()) >= 15
    assert "Déplacer 1,5\N{NO-BREAK SPACE}kWh" in french
    assert "Moving 1.5 kWh" in english
    names = ("house:", "yours", "la vôtre", "Tarif Bleu", "─")
    said = [{line for line in text.splitlines() if len(line.split()) > 6} for text in (french, english)]
    assert {line for line in said[0] & said[1] if not line.startswith(names)} == set()


def test_programs_get_one_object_or_rows(config, capsys):
    """JSON with Wh and euros; CSV with a row for each class and one for the subscription, the same sums."""
    found = json.loads(typed(capsys, config, "bleu-hc", "--power", "6", "--json"))
    rows = list(csv.DictReader(io.StringIO(typed(capsys, config, "bleu-hc", "--power", "6", "--csv"))))
    for one in found["offers"]:
        mine = [row for row in rows if row["offer"] == one["name"]]
        assert [row["class"] for row in mine] == ["hc", "hp", "subscription"]
        assert sum(float(row["euros"]) for row in mine) == pytest.approx(one["total"], abs=0.0002)
        assert sum(float(row["kwh"] or 0) for row in mine) == pytest.approx(found["drawn_wh"] / 1000)
    assert found["offers"][1]["checked"] == "2026-05-18"
    assert found["offers"][1]["example"]


def test_an_example_is_shown_to_be_copied(capsys, tmp_path, monkeypatch):
    """Letter by letter, without a configuration; what is copied is an offer."""
    assert main(["compare", "--show", "tempo"]) == 0
    shown = capsys.readouterr().out
    assert shown == (EXAMPLES / "tempo.toml").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(shown, encoding="utf-8")
    assert find_offer("mine.toml", tmp_path).offer == find_offer("tempo", tmp_path).offer


def test_without_an_offer_ones_own_contract_is_checked_and_the_examples_are_named(config, capsys):
    """That is what a household types first."""
    out = typed(capsys, config)
    assert "Examples: bleu-base, bleu-hc, ejp, tempo" in out
    assert "zen-week-end, zen-week-end-hc." in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "yours: Own, by its hours" in out


def test_wrong_hours_are_said_and_end_with_1(config, capsys, tmp_path):
    """Which class, in which month, how many kWh by the hours and by the index; and no other figure."""
    wrong = config.with_name("wrong.toml")
    wrong.write_text(config.read_text().replace("22:00/06:00", "18:30/02:30"))
    out = " ".join(typed(capsys, wrong, "bleu-base", "--power", "6", code=1).split())
    assert "Nothing is compared: in 2026-01 H" in out
    assert "These cannot be its hours." in out
    assert "Tarif Bleu" not in out


def test_without_a_tariff_nothing_is_checked_and_offers_are_compared_all_the_same(config, capsys):
    """It is said that one's own contract is missing."""
    none = config.with_name("none.toml")
    text = config.read_text()
    none.write_text(text[: text.index("[[tariff]]")] + text[text.index("[[off_peak]]") :])
    out = " ".join(typed(capsys, none, "bleu-base", "bleu-hc", "--power", "6").split())
    assert "Without a [[tariff]] there is nothing to compare with" in out
    assert "B: Tarif Bleu, option Heures Creuses" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shift", "3"], "'' are no hours"),
        (["--shift", "x@19:00/21:00"], "'x@19:00/21:00' is no use to move"),
        (["--hours", "1-2"], "'1-2' are no hours"),
        (["nothing"], "nothing: no such example"),
        (["nothing.toml"], "nothing.toml: cannot be read"),
        (["tempo"] * 21, "21 offers are too many at once"),
        (["--colours", "nothing"], "nothing: cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence(config, capsys, words, said):
    """And an exit code that is not 0."""
    try:
        code = main(["compare", "--config", str(config), *words])
    except SystemExit as end:
        code = end.code
    assert code in (2, 78)
    assert said in capsys.readouterr().err


def test_nothing_is_stored_yet(config, capsys):
    """Of days before the first one."""
    assert main(["compare", "--config", str(config), "--lang", "en", "--from", "2025-01-01", "--to", "2025-02-01"]) == 0
    assert "no whole day is stored yet" in capsys.readouterr().out
