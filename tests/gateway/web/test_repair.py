"""The page *repair* of a running daemon: what stands out, corrected, removed and undone; each wrong word a sentence."""

import html
import json
import re
from contextlib import closing
from datetime import date
from types import SimpleNamespace

import pytest

from gateway.balance.calendar import midnight
from gateway.store.terms import LANGS
from gateway.web.repair.pages import when
from gateway.web.repair.values import PointPlace
from gateway.web.repair.words import REPAIR_WORDS
from harness.points import GATEWAYS, opened
from tests.gateway.store.conftest import INDEX, POWER
from tests.gateway.web.conftest import House
from tests.gateway.web.shared import COOP, make, with_bad_points


@pytest.fixture(scope="module")
def bad_house(tmp_path_factory):
    """A house of which one half hour of power and one of the index are wrong; ``bad`` is what they were."""
    folder = tmp_path_factory.mktemp("repair") / "house"
    folder.mkdir()
    (bad,) = make(folder / "data", with_bad_points)
    with House(folder, "/nowhere/tty") as house:
        house.bad, house.signed_in = bad, house.owner()
        yield house


def named(point):
    """A point as a form names it."""
    return {"meter": "house", "path": point.series.path, "granularity": point.granularity.code, "time": point.time}


def address(point):
    return "/repair/point?" + "&".join(f"{name}={str(v).replace('/', '%2F')}" for name, v in named(point).items())


def rows(house, query, *values):
    with closing(opened(house.folder / GATEWAYS)) as db:
        return db.execute(query, values).fetchall()


def stored(house, point):
    """The half hour as it is stored; None when it is not."""
    query = "SELECT value FROM coarse WHERE step = 1800 AND series = ? AND time = ?"
    found = rows(house, query, point.series.id, point.time)
    return found[0][0] if found else None


def told(house, kind):
    """Who is to be told of what."""
    return rows(house, "SELECT recipient FROM notice WHERE kind = ?", kind)


def test_what_stands_out_comes_first_with_its_neighbours(bad_house):
    """A power beyond all others and an index below the one before; nothing of what is right."""
    _, text = bad_house.signed_in.get("/repair")
    text = html.unescape(text)
    links = re.findall(r'href="(/repair/point[^"]+)"', text)
    assert links == [address(bad_house.bad[path]) for path in (POWER, INDEX)]
    power = bad_house.bad[POWER]
    answer, text = bad_house.signed_in.get(address(power))
    assert answer.status == 200
    assert f"{power.value * 100:,.0f}".replace(",", "\u202f") in text
    assert text.count("<tr>") >= 10


@pytest.mark.parametrize(
    ("granularity", "fr", "en"),
    [
        ("P1D", "14\xa0janvier\xa02026", "14\xa0January\xa02026"),
        ("PT30M", "14\xa0janvier\xa02026, 0\xa0h", "14\xa0January\xa02026, 00:00"),
        ("raw", "14\xa0janvier\xa02026, 0\xa0h\xa000\xa0min\xa000\xa0s", "14\xa0January\xa02026, 00:00:00"),
    ],
)
def test_a_point_is_told_as_finely_as_it_is_one(granularity, fr, en):
    """Of a day there is no hour; of what the meter says there are the seconds."""
    which = PointPlace("house", INDEX, granularity, midnight(date(2026, 1, 14)))
    assert [when(SimpleNamespace(lang=lang), which) for lang in ("fr", "en")] == [fr, en]


def test_a_value_is_corrected_after_a_second_page_and_undone(bad_house):
    """The old one is kept, the journal says so, whoever had it is told; undone it is what it was."""
    house, owner, power = bad_house, bad_house.signed_in, bad_house.bad[POWER]
    wrong = stored(house, power)
    fields = named(power) | {"choice": "value", "value": " 5\u202f20,5 ", "reason": "parasite"}
    answer, text = owner.send("/repair/check", **fields)
    assert answer.status == 200
    assert stored(house, power) == wrong, "nothing is changed before the yes"
    assert COOP in text
    assert "520,5\u00a0VA" in text
    assert owner.send("/repair/do", **fields)[0].headers["Location"] == "/repair?done=rectified"
    assert stored(house, power) == 520.5
    assert rows(house, "SELECT before, after, given_by, reason FROM correction") == [
        (wrong, 520.5, "owner", "parasite")
    ]
    assert told(house, "data-rectified") == [(COOP,)]
    _, text = owner.get("/repair?done=rectified")
    assert "parasite" in text
    assert text.count('action="/repair/undo"') == 1
    assert owner.send("/repair/undo", **named(power))[0].headers["Location"] == "/repair?done=restored"
    assert stored(house, power) == wrong


def test_a_point_is_removed_and_put_back_as_it_was(bad_house):
    """While it is away nobody gets it, and whoever had it is asked to erase it; put back it is sent again."""
    house, owner, power = bad_house, bad_house.signed_in, bad_house.bad[POWER]
    wrong = stored(house, power)
    fields = named(power) | {"choice": "remove", "value": "", "reason": ""}
    answer, text = owner.send("/repair/check", **fields)
    assert (answer.status, "est retirée" in text) == (200, True)
    assert owner.send("/repair/do", **fields)[0].headers["Location"] == "/repair?done=removed"
    assert stored(house, power) is None
    assert told(house, "data-erased") == [(COOP,)]
    assert owner.get(address(power))[0].status == 404
    assert owner.send("/repair/do", **fields)[0].status == 404
    assert owner.send("/repair/undo", **named(power))[0].status == 303
    assert stored(house, power) == wrong
    assert owner.send("/repair/undo", **named(power))[0].status == 409, "put back once"
    kinds = [json.loads(line) for line in house.command("journal", "show", "--json").stdout.splitlines()]
    assert [row.get("what") for row in kinds if row["kind"] == "data-rectified"][-2:] == ["removed", None]
    assert house.command("journal", "verify").returncode == 0


@pytest.mark.parametrize("lang", LANGS)
def test_each_wrong_word_gets_one_sentence(bad_house, lang):
    """In the language of the household, with what to write instead; what it had written stays."""
    house, owner, index, power = bad_house, bad_house.signed_in, bad_house.bad[INDEX], bad_house.bad[POWER]
    for point, fields, key in (
        (index, {}, "wrong_choice"),
        (index, {"choice": "value"}, "wrong_index"),
        (index, {"choice": "value", "value": "-1"}, "wrong_index"),
        (index, {"choice": "value", "value": "12,5"}, "wrong_index"),
        (index, {"choice": "value", "value": "9" * 30}, "wrong_index"),
        (index, {"choice": "value", "value": str(stored(house, index))}, "wrong_same"),
        (power, {"choice": "value", "value": "beaucoup"}, "wrong_number"),
        (power, {"choice": "value", "value": "nan"}, "wrong_number"),
        (power, {"choice": "remove", "reason": "x" * 201}, "wrong_reason"),
        (power, {"choice": "remove", "reason": "a\x1bb"}, "wrong_reason"),
    ):
        answer, text = owner.send(f"/repair/check?lang={lang}", **named(point) | fields)
        sentence = REPAIR_WORDS[lang][key].format(unit=point.series.unit)
        assert (answer.status, sentence in html.unescape(text)) == (400, True), fields
        assert owner.send("/repair/do", **named(point) | fields)[0].status == 400
    assert rows(house, "SELECT count(*) FROM correction WHERE series = ?", index.series.id) == [(0,)]


def test_what_names_no_point_and_no_moment_gets_a_sentence(bad_house):
    """Never a traceback."""
    owner, power = bad_house.signed_in, named(bad_house.bad[POWER])
    for wrong in ({"time": "x"}, {"time": "9" * 40}, {"granularity": "P9Y"}, {"meter": "other"}, {"path": "a/b"}):
        for path in ("/repair/check", "/repair/do"):
            assert owner.send(path, **power | wrong | {"choice": "remove"})[0].status == 404, wrong
        assert owner.send("/repair/undo", **power | wrong)[0].status in {404, 409}, wrong
    for query, status in (
        ("series=house+x&granularity=PT30M&day=2026-11-25&hour=18:30", 200),
        (f"series=house+{POWER}&granularity=raw&day=2026-11-25&hour=18:30", 200),
        (f"series=house+{POWER}&granularity=PT30M&day=hier&hour=18:30", 400),
        (f"series=house+{POWER}&granularity=PT30M&day=9999-12-31&hour=23:59", 400),
        (f"series=house+{POWER}&granularity=x&day=2026-11-25", 400),
        ("meter=house&time=1", 200),
    ):
        assert owner.get(f"/repair?{query}")[0].status == status, query
    assert bad_house.visitor().get("/repair")[0].headers["Location"] == "/login?to=/repair"
    assert "Traceback" not in bad_house.process.log.read_text()


def test_both_languages_say_the_same_things():
    """Every key in both, with the same places."""
    french, english = (REPAIR_WORDS[lang] for lang in LANGS)
    assert french.keys() == english.keys()
    assert [k for k in french if {*re.findall(r"{\w+}", french[k])} != {*re.findall(r"{\w+}", english[k])}] == []
