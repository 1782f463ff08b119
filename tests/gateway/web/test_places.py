"""The page that puts places side by side: one axis and one scale, gaps that are said, units; no script is needed."""

import csv
import html
import io
import re
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest

from gateway import web
from gateway.balance.calendar import BalancePeriod, midnight
from gateway.balance.equivalence import APPLIANCES
from gateway.config.tables import MOST_PLACES
from gateway.household.places import ComparedPlace, HalfHour, PlaceCurve
from gateway.store.received import Incoming, Lot
from gateway.store.store import Archive, Store
from gateway.web.places.chart import axis, drawn, runs
from gateway.web.places.choice import PlacesChoice, chosen
from gateway.web.places.data import rows_of
from gateway.web.places.measure import MEASURES, PlaceMeasure
from gateway.web.places.pages import table
from gateway.web.places.stored import seen as look_at
from gateway.web.places.values import PlacesSeen
from gateway.web.places.words import WORDS
from tests.gateway.balance.conftest import SOLAR, WINTER, base, panels, producing
from tests.gateway.web import three_years

BEGIN, END = midnight(WINTER), midnight(WINTER) + 86_400
SCHOOL = ComparedPlace("École", "school", ("ecole",), people=80, area_m2=500)
HOME = ComparedPlace("Maison", "home", ("house",), people=4)
TABLES = (
    '[[place]]\nname = "Chez nous"\nseries = ["house"]\npeople = 4\narea_m2 = 100\n'
    '[[place]]\nname = "Toit"\nkind = "roof"\nseries = ["solar"]\n'
)


def curve(place, energies):
    """Half hour of the day -> Wh."""
    return PlaceCurve(place, {BEGIN + n * 1800: HalfHour(wh, estimated=False) for n, wh in energies.items()})


def seen(*curves):
    """That day."""
    return PlacesSeen("day", WINTER, date(2026, 1, 15), BEGIN, END, curves, (BEGIN, END), (WINTER, WINTER))


def ask(house, *paths):
    """What the page answers, its blanks as plain ones."""
    with three_years.served(house.folder, house.config, password=False) as running:
        found = [running.owner.get(path) for path in paths]
    return [(answer, html.unescape(re.sub("[\u202f\u00a0]", " ", text))) for answer, text in found]


def test_all_places_have_one_scale():
    """The highest of all is near the top; a place that uses a tenth reaches a tenth of the height."""
    look = seen(curve(SCHOOL, {0: 8000, 1: 8000}), curve(HOME, {0: 800}))
    on = axis(look, PlaceMeasure("kwh"), "fr")
    assert on.top == 8
    assert [amount for amount, _ in on.scale] == [8, 6, 4, 2, 0]
    assert drawn(look, look.curves[0], PlaceMeasure("kwh"), on).line == "M0 0V0H2"
    assert drawn(look, look.curves[1], PlaceMeasure("kwh"), on).line == "M0 900V900H1"


def test_a_gap_is_left_open_and_nothing_is_drawn_at_zero():
    """Between two known stretches the line is lifted; what is not over yet is no gap."""
    look = seen(curve(HOME, {0: 500, 1: 500, 4: 0, 5: 500}))
    look = PlacesSeen("day", WINTER, look.end, BEGIN, END, look.curves, (BEGIN, BEGIN + 4 * 3600), (WINTER, WINTER))
    found = drawn(look, look.curves[0], PlaceMeasure("kwh"), axis(look, PlaceMeasure("kwh"), "fr"))
    assert found.line.count("M") == 2
    assert found.gaps == [(2, 2), (6, 2)]


@pytest.mark.parametrize(
    ("unit", "half_hour", "whole"),
    [
        ("kwh", 4, 6), ("w", 8000, 6000), ("person", 50, 75), ("m2", 8, 12),
        *((one.key, 8000 / one.watts, 6000 / one.watts) for one in APPLIANCES),
    ],
)  # fmt: skip
def test_each_unit_says_the_same_energy(unit, half_hour, whole):
    """4 kWh in a half hour are 8 kW; energies add up, of powers there is a mean."""
    measure = PlaceMeasure(unit)
    assert measure.of_half_hour(SCHOOL, 4000) == pytest.approx(half_hour)
    assert measure.of_all(SCHOOL, [4000, 2000]) == pytest.approx(whole)
    assert measure.of_all(SCHOOL, []) is None


def test_a_place_that_does_not_say_how_large_it_is_does_not_fit():
    """What is not stated is no 1 and no 0."""
    assert [key for key in MEASURES if not PlaceMeasure(key).fits(HOME)] == ["m2"]


def test_what_follows_one_another_is_one_run():
    """Neighbours together, in order."""
    assert runs({5, 1, 2, 9, 3}) == [(1, 3), (5, 1), (9, 1)]


def test_an_address_says_what_is_not_usual_and_is_understood_again():
    """The look that is shown by itself has an empty query."""
    assert PlacesChoice().query() == ""
    choice = PlacesChoice("week", WINTER, "kettle", "together")
    assert chosen(choice.fields) == choice
    assert chosen(PlacesChoice().fields) == PlacesChoice()


def test_the_week_of_the_first_day_leads_to_a_day_that_there_is():
    """It begins in 1999, of which no address can be asked."""
    week = PlacesChoice("week", date(2000, 1, 1))
    assert chosen(dict(parse_qsl(week.query(period="day", day=date(1999, 12, 27))))) == PlacesChoice(
        "day", date(2000, 1, 1)
    )


def test_the_page_shows_what_each_place_came_to(house):
    """12.1 kWh used at 504 W; 12.1 kWh made from 10 to 16 o'clock; per person a quarter, for the roof not stated."""
    house.configure(SOLAR + TABLES)
    house.live_day(WINTER, base(504))
    house.live_day(WINTER, panels, meter="solar")
    (_, whole), (_, person), (_, kettles) = ask(
        house, "/places", "/places?unit=person", "/places?unit=kettle&period=week&view=together"
    )
    assert whole.count("<dd>12,1 kWh</dd>") == 2
    assert "Logement · 4 personnes · 100 m²" in whole
    assert "3 024 Wh par personne" in person
    assert "Le nombre de personnes n’est pas indiqué pour ce lieu." in person
    assert "0,25 × bouilloire" in kettles
    # Of a week of which one day is over nothing is said of those to come.
    assert "12 – 18 janv." in kettles
    assert kettles.count("Inconnu : lun. 0 h – mer. 0 h.</p>") == 2


def test_one_person_is_no_people(house):
    """In both languages."""
    house.configure(TABLES.replace("people = 4", "people = 1").partition('[[place]]\nname = "Toit')[0])
    house.live_day(WINTER, base(504))
    (_, french), (_, english) = ask(house, "/places", "/places?lang=en")
    assert "Logement · 1 personne · 100 m²" in french
    assert "Home · 1 person · 100 m²" in english


def test_what_is_not_known_is_said(house):
    """From one to two o'clock the counter was not read: the roof has a gap, the house has none."""
    house.configure(SOLAR + TABLES)
    house.live_day(WINTER, producing)
    house.live(BEGIN, BEGIN + 3600, panels, meter="solar")
    ((_, text),) = ask(house, "/places")
    assert "Inconnu : 1 h – minuit." in text
    assert text.count('class="gap"') == 1


def test_why_a_home_with_panels_is_unknown_is_said(house):
    """Its meter has no index of injection: that the panels are counted does not tell what was used."""
    house.configure(SOLAR + '[[place]]\nname = "Nous"\nseries = ["house", "solar"]\n')
    house.live_day(WINTER, base(504))
    house.live_day(WINTER, panels, meter="solar")
    ((_, text),) = ask(house, "/places")
    assert "aucun compteur ne dit ici ce qui part sur le réseau : la consommation est inconnue." in text


@pytest.mark.parametrize(
    ("sources", "said"), [(12, "Un autre lieu n’est pas affiché"), (13, "2 autres lieux ne sont pas affichés")]
)
def test_more_places_than_a_page_has_are_said(house, sources, said):
    """Twelve are shown; how many more there are stands below them, for a class as well."""
    received = (
        f'[[received]]\nname = "s{n}"\nprovider = "s{n}@e.org/proxy"\nidentifier = "s{n}@e.org/m@e.org/consumption"\n'
        for n in range(sources)
    )
    house.configure('[federation]\njid = "maison@e.org"\n' + "".join(received))
    house.live_day(WINTER, base(504))
    for _, text in ask(house, "/places", "/places/screen", "/places/screen?view=together"):
        assert text.count('<section class="place">') in (12, 0)
        assert said in text


def test_no_two_places_have_the_same_line():
    """As many as a page has: each has a colour and a dash, and no dash is another's, for who sees no colour."""
    style = (Path(web.__file__).parent / "static" / "places.css").read_text()
    dashes = dict(re.findall(r"path\.(s\d+) \{ stroke-dasharray: ([\d ]+);", style))
    names = {f"s{n}" for n in range(MOST_PLACES)}
    assert names == {*dashes, "s0"}
    assert len({*dashes.values()}) == MOST_PLACES - 1
    assert names == {*re.findall(r"\.(s\d+)[,)]", style)}


def test_each_place_of_a_page_has_a_line_of_its_own(house):
    """The twelfth as the first."""
    received = (
        f'[[received]]\nname = "s{n}"\nprovider = "s{n}@e.org/proxy"\nidentifier = "s{n}@e.org/m@e.org/consumption"\n'
        for n in range(11)
    )
    house.configure('[federation]\njid = "maison@e.org"\n' + "".join(received))
    house.live_day(WINTER, base(504))
    ((_, text),) = ask(house, "/places?view=together")
    assert re.findall(r'class="curve (s\d+)" d="M0 4H48"', text) == [f"s{n}" for n in range(12)]


@pytest.mark.parametrize(
    ("view", "places", "dashed"), [("apart", 2, True), ("together", 2, False), ("together", 1, True)]
)
def test_what_is_estimated_is_said_as_it_is_drawn(house, view, places, dashed):
    """Two hours were not read: where several are in one picture no frame is dashed, a dash there is a place's."""
    house.configure(SOLAR + TABLES if places == 2 else TABLES.partition('[[place]]\nname = "Toit')[0])
    house.live(BEGIN, BEGIN + 4 * 3600, base(504))
    house.counted_unread(1000)
    house.live(BEGIN + 6 * 3600, BEGIN + 8 * 3600, base(504))
    for _, text in ask(house, f"/places?view={view}", f"/places/screen?view={view}"):
        assert ('class="unsure"' in text) == ("En pointillé : estimé" in text) == dashed
        assert ("Certaines demi-heures sont estimées." in text) != dashed


@pytest.mark.parametrize("view", ["apart", "together"])
def test_a_class_sees_that_a_sum_is_of_a_part_of_the_day(house, view):
    """Of the roof one hour of 24 is known: its sum has a star, the house's has none, and the star is explained."""
    house.configure(SOLAR + TABLES)
    house.live_day(WINTER, producing)
    house.live(BEGIN, BEGIN + 3600, panels, meter="solar")
    found = ask(house, f"/places/screen?view={view}", f"/places/screen?view={view}&unit=person")
    said = [
        re.findall(r"<(?:h2|li).*?(\d[\d, ]* (?:kWh|Wh par personne)(?: \*)?)<", text, re.DOTALL) for _, text in found
    ]
    assert said == [["9,07 kWh", "0,00 kWh *"], ["2 268 Wh par personne"]]
    assert ["* une partie de ce temps" in text for _, text in found] == [True, False]


def test_with_one_place_the_page_says_how_others_come_and_stays_out_of_the_menu(house):
    """It is reached by its address."""
    house.live_day(WINTER, base(504))
    (answer, text), (_, more) = ask(house, "/places", "/more")
    assert answer.status == 200
    assert "Il n’y a qu’un lieu ici pour l’instant." in text
    assert "/places" not in more
    house.configure(SOLAR)
    ((_, more),) = ask(house, "/more")
    assert 'href="/places"' in more


def test_the_table_comes_to_what_the_page_says(house):
    """48 half hours, and the whole day below them; a table is read where a picture is not."""
    house.live_day(WINTER, base(1008))
    ((_, text),) = ask(house, "/places?unit=w")
    rows = re.findall(r"<tr><th scope=row>(.*?)</th><td>(.*?)</td></tr>", text)
    assert len(rows) == 49
    assert {value for _, value in rows} == {"1 008"}
    assert 'role="img" aria-label="house. En moyenne 1 008 W.' in text


def test_a_place_of_which_nothing_is_known_is_said_to_be_unknown_beside_its_line(house):
    """In the list of lines, where no remark stands."""
    house.configure(SOLAR + TABLES)
    house.live_day(WINTER, producing)
    ((_, text),) = ask(house, "/places/screen?view=together")
    assert re.findall(r"</svg>(\w[^<]*?)\s*<strong>(.*?)</strong>", text) == [
        ("Chez nous", "9,07 kWh"), ("Toit", "inconnu"),
    ]  # fmt: skip


def test_what_is_shown_can_be_taken_along(house):
    """Of a day its half hours, of a week its days, in the unit that is looked at; unknown is empty, a part is said."""
    house.configure(SOLAR + TABLES)
    house.live_day(WINTER, producing)
    house.live(BEGIN, BEGIN + 3600, panels, meter="solar")
    (found, page), (_, week) = ask(house, f"/places?date={WINTER}", f"/places?period=week&unit=kettle&date={WINTER}")
    assert found.status == 200
    links = re.findall(r'href="(/places/csv\?[^"]*)" download', page + week)
    assert len(links) == 2 + 4
    answers = ask(house, *links)
    assert {answer.status for answer, _ in answers} == {200}
    assert 'filename="places-2026-01-14-day.csv"' in answers[0][0].headers["Content-Disposition"]
    texts = [text.removeprefix("\ufeff") for _, text in answers]
    french = list(csv.reader(io.StringIO(texts[0]), delimiter=";"))
    english = list(csv.reader(io.StringIO(texts[1])))
    assert french[0] == ["Heure locale", "Heure UTC", "Chez nous (kWh)", "Toit (kWh)", "Remarque"]
    assert [len(rows) for rows in (french, english)] == [49, 49]
    assert french[1] == ["2026-01-14 00:00", "2026-01-13T23:00:00Z", "0,252", "0,0", ""]
    assert english[1][2:] == ["0.252", "0.0", ""]
    assert [row[3] for row in english[3:]] == [""] * 46
    days = list(csv.reader(io.StringIO(texts[5])))
    assert days[0] == ["Date", "Chez nous (× bouilloire)", "Toit (× bouilloire)", "Remarque"]
    assert days[3][0] == "2026-01-14"
    assert days[3][3] == "Toit (connu en partie)"
    assert [row[1:] for row in days[1:3]] == [["", "", ""]] * 2


def test_of_a_day_that_goes_on_a_part_is_known(house):
    """In the table of its week and in the one that is taken along; one that is over and one to come have no mark."""
    house.live(midnight(WINTER - timedelta(days=1)), BEGIN + 10 * 3600, base(504))
    (_, page), (_, taken) = ask(
        house, f"/places?period=week&date={WINTER}", f"/places/csv?period=week&date={WINTER}&table=parts"
    )
    rows = re.findall(r"<tr><th scope=row>.*?</th><td>(.*?)</td></tr>", page)
    assert rows == ["–", "12,1", "5,04 *", *["–"] * 4, "17,1 *"]
    assert "* une partie de ce temps" in page
    days = list(csv.reader(io.StringIO(taken.removeprefix("\ufeff")), delimiter=";"))[1:]
    assert [day[2] for day in days] == ["", "", "house (connu en partie)", "", "", "", ""]


def test_a_mean_is_in_the_sum_and_in_the_table(house):
    """Told with the time at which its half hour began: what came last is over, and what is still to come is nowhere."""
    house.configure(
        '[federation]\njid = "maison@e.org"\n[[received]]\nname = "gym"\nprovider = "gym@e.org/proxy"\n'
        'identifier = "gym@e.org/m@e.org/consumption"\n[[place]]\nname = "Salle"\nseries = ["gym"]\n'
    )
    path = "consumption/power/active/raw"
    name = f"gym@e.org/m@e.org/{path}"
    values = [Incoming(name, name, path, "W", "PT30M", BEGIN + n * 1800, 1000) for n in range(8)]
    with closing(Store(house.folder)) as store:
        store.providers.receive("gym@e.org", [Lot(values, None, "P1Y")], BEGIN)
    with closing(Archive(house.folder)) as archive:
        found = [look_at(archive, house.config, BalancePeriod.DAY, WINTER, BEGIN + at) for at in (86_400, 3 * 3600 + 5)]
    view = SimpleNamespace(words=WORDS["en"], say=lambda key, **places: WORDS["en"][key].format(**places), lang="en")
    for look, half_hours in zip(found, (8, 6), strict=True):
        assert look.over == BEGIN + half_hours * 1800
        assert len(look.curves[0].half_hours) == half_hours
        _, rows = table(view, look, PlaceMeasure("kwh"))
        assert (len(rows), rows[-1][1]) == (half_hours + 1, [f"{half_hours / 2:.2f}"])
        assert [row[2] for row in rows_of(view, look, PlaceMeasure("kwh"), "half-hours")[1]] == [0.5] * half_hours


def test_a_name_of_somebody_elses_file_is_no_formula():
    """A spreadsheet takes what begins so for one: it is a text."""
    look = seen(curve(ComparedPlace("=1+1", "roof", ("x",), produced=True), {0: 500}))
    view = SimpleNamespace(words=WORDS["en"], say=lambda key, **places: WORDS["en"][key].format(**places))
    head, rows = rows_of(view, look, PlaceMeasure("kwh"), "half-hours")
    assert head[2] == "'=1+1 (kWh)"
    assert rows[0][2:] == [0.5, ""]


def test_a_class_room_sees_it_large_without_a_menu(house):
    """The same look, with the way back to the page."""
    house.live_day(WINTER, base(504))
    ((_, text),) = ask(house, f"/places/screen?date={WINTER}&unit=bulb")
    assert 'class="classroom"' in text
    assert '<nav class="menu"' not in text
    assert f'href="/places?unit=bulb&date={WINTER}"' in text


@pytest.mark.parametrize(
    "query", ["period=month", "unit=x", "view=x", "date=2026-02-30", "date=hier", "date=1999-01-01"]
)
def test_what_there_is_not_is_refused_in_a_sentence(house, query):
    """With the way back, and nothing of what was typed but a date."""
    ((answer, text),) = ask(house, f"/places?{query}")
    assert answer.status == 400
    assert '<a href="/places">' in text
