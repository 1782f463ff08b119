"""Files as they come: renamed, cut off, saved again, bombs; a random curve that every form brings back as it was."""

import csv
import io
import json
import random
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.household.past import contents as opened
from gateway.household.past.clock import midnight_of
from gateway.household.past.forms import read_file
from gateway.household.past.values import CURVE, Choices, HistoryFileError
from gateway.store.local_time import PARIS
from tests.gateway.household.past.test_samples import FILES, REFUSED, SAID, SAMPLES

DRAWN = Choices("consumption")


def choices(name):
    return Choices(**({"direction": "consumption"} | SAID.get(name, {})))


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_read_or_refused(name):
    """At every thousandth byte, and at some odd ones: with a sentence, never with a traceback."""
    data = (SAMPLES / name).read_bytes()
    whole = {}
    if name not in REFUSED:
        whole = {(b.series, b.meter, p[:3]) for b in read_file(name, data, choices(name)).blocks for p in b.points}
    places = {*range(0, len(data), 1000), *(len(data) - less for less in (1, 2, 3, 5, 8, 13))}
    for place in sorted(places):
        try:
            file = read_file(name, data[:place], choices(name))
        except HistoryFileError:
            # With a sentence.
            continue
        else:
            # What is read of it is of the whole: but for the last row, which may have lost digits.
            found = [(b.series, b.meter, p[:3]) for b in file.blocks for p in b.points]
            assert sum(point not in whole for point in found) <= max(2, len(whole) // 20)


@pytest.mark.parametrize("name", [name for name in FILES if name not in REFUSED])
def test_a_name_says_nothing(name):
    """Whatever a file is called it is what is in it."""
    data = (SAMPLES / name).read_bytes()
    as_named = [block.points for block in read_file(name, data, choices(name)).blocks]
    for other in ("history", "history.csv", "history.xlsx", "history.zip"):
        assert [block.points for block in read_file(other, data, choices(name)).blocks] == as_named


@pytest.mark.parametrize("name", ["enedis/heure-spring.csv", "enedis/jour-composite.csv", "sge/r63.csv"])
@pytest.mark.parametrize("how", ["crlf", "cp1252", "no mark", "commas", "blank lines"])
def test_a_text_that_was_saved_again_is_the_same(name, how):
    """With other line ends, another code, other separators, blank lines."""
    data = (SAMPLES / name).read_bytes()
    text = data.decode("utf-8-sig")
    saved = {
        "crlf": lambda: text.replace("\n", "\r\n").encode("utf-8-sig"),
        "cp1252": lambda: text.encode("cp1252"),
        "no mark": text.encode,
        "commas": lambda: text.replace(";", ",").encode(),
        "blank lines": lambda: text.replace("\n", "\n\n").encode(),
    }[how]()
    blocks = read_file(name, saved, DRAWN).blocks
    assert [(b.series, b.points) for b in blocks] == [(b.series, b.points) for b in read_file(name, data, DRAWN).blocks]


def packed(**members):
    """A zip of these."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def refusal(data, name="file"):
    with pytest.raises(HistoryFileError) as refused:
        read_file(name, data, DRAWN)
    return str(refused.value)


def test_a_bomb_is_not_unpacked():
    """Not more of it than may be, whatever its header says; nor nested, nor by many members."""
    assert "unpacks to more" in refusal(packed(**{"a.csv": b"0" * 60_000_000}))
    many = packed(**{f"{place}.csv": b"x" for place in range(300)})
    assert "more than 200 files" in refusal(many)
    assert "none of the files" in refusal(packed(**{"inner.zip": many}))


def test_members_together_are_bounded():
    """Each may be fifty megabytes, all of them a hundred; one that cannot be read leaves the others."""
    good, chance = (SAMPLES / "enedis/heure-spring.csv").read_bytes(), random.Random(1)
    large = b"\n".join(chance.randbytes(16).hex().encode() + b"0" * 1500 for _ in range(24_000))
    file = read_file("z", packed(**{"a.csv": good, **{f"{place}.csv": large for place in range(4)}}), DRAWN)
    assert len(file.blocks) == 1
    assert len(file.refused) == 4
    assert [str(why) for _, why in file.refused][-1].startswith("a file inside it unpacks to more")


def test_a_sheet_that_is_a_bomb_is_not_unpacked():
    """The same of a spreadsheet, whose members are XML."""
    sheet = b"<worksheet><sheetData>" + b"<row/>" * 10_000_000
    members = {"xl/workbook.xml": b"<w/>", "xl/_rels/workbook.xml.rels": b"<r/>", "xl/sharedStrings.xml": sheet}
    assert "unpacks to more" in refusal(packed(**members))


def test_members_that_climb_out_are_left_aside():
    """Nothing is ever extracted; what is beside them is read."""
    good = (SAMPLES / "enedis/heure-spring.csv").read_bytes()
    file = read_file("z", packed(**{"../up.csv": good, "/root.csv": good, "a\\b.csv": good, "fine.csv": good}), DRAWN)
    assert [len(block.points) for block in file.blocks] == [142]
    assert len(file.refused) == 3


def test_xml_with_a_doctype_is_refused():
    """With it go entities that grow, and those that are fetched."""
    laughs = '<!DOCTYPE R50 [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><R50>&b;</R50>'
    assert "DOCTYPE" in refusal(laughs.encode())
    assert "DOCTYPE" in refusal(b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><R50/>')


def test_depth_and_size_are_bounded():
    """Before anything is built of what is too deep, too long, too large."""
    assert "too deep" in refusal(b"<a>" * 100_000)
    assert "damaged JSON" in refusal(b"[" * 400_000)
    assert "larger than 20 MB" in refusal(b"x" * (opened.LARGEST + 1))
    assert "too long" in refusal(b"Date;Consommation\n" + b"1" * 30_000)
    assert "more than 500000 rows" in refusal(b"Identifiant PRM;a\n" + b"1;2\n" * 600_000)
    assert refusal(b"") == "it is empty"
    assert "neither text" in refusal(bytes(range(256)) * 100)


def test_what_no_table_should_have_is_read_or_refused():
    """A blank first line, brackets in brackets, a step of five thousand digits: with a sentence."""
    rows = b"\nHorodate fin de pas;Puissance moyenne (W)\n2024-01-01 00:30:00;100\n2024-01-01 01:00:00;200\n"
    assert len(read_file("a.csv", rows, DRAWN).blocks[0].points) == 2
    assert "but not of DataConnect" in refusal(b"[" * 900 + b"]" * 900)
    row = {"value": "1", "date": "2024-01-01 00:30:00", "interval_length": f"PT{'9' * 5000}M"}
    reading = {"usage_point_id": "1", "reading_type": {"unit": "W"}, "interval_reading": [row]}
    assert refusal(json.dumps({"meter_reading": reading}).encode()) == "it holds no values"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({2: {"B": "01/01/2024", "C": "12,5"}, 3: {"A": "exported for you"}}, 1),
        ({2: {"B": "01/01/2024", "C": "12,5"}, 3: {"C": "4"}}, "line 3: '' is not a date"),
        ({2: {"B": "01/01/2024", "C": "12,5"}, 3: {"B": "02/01/2024"}}, 1),
    ],
)
def test_a_note_below_a_sheet_is_no_row_of_it(rows, said):
    """A row is as wide as what is written in it."""
    cells = {1: {"B": "Date", "C": "Valeur (en kWh)"}} | rows
    written = "".join(
        f'<row r="{place}">'
        + "".join(f'<c r="{at}{place}" t="inlineStr"><is><t>{text}</t></is></c>' for at, text in row.items())
        + "</row>"
        for place, row in cells.items()
    )
    data = packed(
        **{
            "xl/workbook.xml": b'<w><sheets><sheet name="Consommation" id="a"/></sheets></w>',
            "xl/_rels/workbook.xml.rels": b'<r><Relationship Id="a" Target="one.xml"/></r>',
            "xl/one.xml": f"<w><sheetData>{written}</sheetData></w>".encode(),
        }
    )
    if isinstance(said, str):
        assert said in refusal(data)
    else:
        assert len(read_file("a.xlsx", data, DRAWN).blocks[0].points) == said


def test_a_form_that_nobody_knows_shows_how_it_begins():
    """So that whoever has one can say which it is."""
    assert "it begins with 'Jour;Energie (kWh)'" in refusal(b"Jour;Energie (kWh)\n01/01/2023;12\n")


def test_numbers_that_may_be_two_things_are_refused():
    """A comma beside commas, a space among digits: never half of the number."""
    begin = (
        b"Identifiant PRM,Type de donnees,Grandeur metier,Unite\n1,Courbe de charge,Consommation,W\nHorodate,Valeur\n"
    )
    assert "line 4" in refusal(begin + b'2023-03-25T00:30:00+01:00,"1,026"\n2023-03-25T01:00:00+01:00,1\n')
    assert "line 4" in refusal(begin + "2023-03-25T00:30:00+01:00,1\u00a0026\n2023-03-25T01:00:00+01:00,1\n".encode())


# Both changes of the clock of 2022 and 2023, and days between.
SPANS = [(date(2022, 10, 29), 3), (date(2023, 3, 25), 3), (date(2023, 6, 1), 2)]


def ends(start, watts, step=1800):
    """Local end of each step and its power."""
    for place, value in enumerate(watts, start=1):
        yield datetime.fromtimestamp(start + place * step, PARIS), value


def curve_csv(start, watts):
    rows = "".join(f"{end.isoformat()};{value}\n" for end, value in ends(start, watts))
    head = "Identifiant PRM;Type de donnees;Grandeur metier;Unite;Pas en minutes\n11;Courbe de charge;Consommation;W;\n"
    return (head + "Horodate;Valeur\n" + rows).encode()


def resaved_csv(start, watts):
    rows = "".join(f"{end:%d/%m/%Y %H:%M},{value}\n" for end, value in ends(start, watts))
    head = "Identifiant PRM,Type de données,Grandeur métier,Unité\n11,Courbe de charge,Consommation,W\n"
    return (head + "Horodate,Valeur\n" + rows).encode("cp1252")


def newest_first_csv(start, watts):
    head, _, rows = curve_csv(start, watts).decode().partition("Horodate;Valeur\n")
    return (head + "Horodate;Valeur\n" + "".join(reversed(rows.splitlines(keepends=True)))).encode()


def conso_downloader(start, watts):
    out = ["debut;fin;kW"]
    for end, value in ends(start, watts):
        begin = (end.astimezone(UTC) - timedelta(minutes=30)).astimezone(PARIS)
        out.append(f'{begin.isoformat()};{end.isoformat()};"{value / 1000:.3f}"'.replace(".", ","))
    return "\n".join(out).encode()


def dataconnect(start, watts):
    rows = [
        {"value": str(value), "date": f"{end:%Y-%m-%d %H:%M:%S}", "interval_length": "PT30M"}
        for end, value in ends(start, watts)
    ]
    kind = {"unit": "W"}
    reading = {"usage_point_id": "00000000000011", "reading_type": kind, "interval_reading": rows}
    return json.dumps({"meter_reading": reading}).encode()


def r63(start, watts):
    points = [{"d": f"{end:%Y-%m-%d %H:%M:%S}", "v": value, "p": "PT30M"} for end, value in ends(start, watts)]
    quantity = {"grandeurMetier": "CONS", "unite": "W", "points": points}
    return json.dumps({"header": {"codeFlux": "R63"}, "mesures": [{"idPrm": "11", "grandeur": [quantity]}]}).encode()


def r50(start, watts):
    rows = "".join(f"<PDC><H>{end.isoformat()}</H><V>{value}</V></PDC>" for end, value in ends(start, watts))
    return f"<R50><PRM><Id_PRM>11</Id_PRM><Donnees_Releve>{rows}</Donnees_Releve></PRM></R50>".encode()


def quoalise(start, watts):
    rows = "".join(f'<senml t="{place * 1800}" v="{value}"/>' for place, value in enumerate(watts))
    name = "urn:dev:prm:00000000000011_consumption/power/active/raw"
    meta = '<meta><measurement sampling-interval="PT30M"/></meta>'
    pack = f'<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml bn="{name}" bt="{start}"/>{rows}</sensml>'
    return f'<quoalise xmlns="urn:quoalise:0"><data>{meta}{pack}</data></quoalise>'.encode()


def edf(start, watts):
    """Newest first, by date; the end of a day stands on top of it as 00:00:00."""
    out, day = [], None
    for end, value in reversed(list(ends(start, watts))):
        date = (end.replace(tzinfo=None) - timedelta(seconds=1)).date()
        if date != day:
            out.append(f"{date:%d/%m/%Y};;")
            day = date
        out.append(f"{end:%H:%M:%S};{value};Réelle")
    head = "\nRécapitulatif de mes puissances atteintes en W\n"
    head += "Date et heure de relève par le distributeur;Puissance atteinte (W);Nature de la donnée\n"
    return (head + "\n".join(out)).encode("cp1252")


def xlsx(start, watts):
    cells = []
    for place, (end, value) in enumerate(ends(start, watts), start=15):
        begin = (end.astimezone(UTC) - timedelta(minutes=30)).astimezone(PARIS)
        texts = "".join(
            f'<c r="{column}{place}" t="inlineStr"><is><t>{when:%d/%m/%Y %H:%M:%S}</t></is></c>'
            for column, when in (("B", begin), ("C", end))
        )
        cells.append(f'<row r="{place}">{texts}<c r="D{place}"><v>{value / 1000}</v></c></row>')
    head = "".join(
        f'<c r="{column}14" t="inlineStr"><is><t>{text}</t></is></c>'
        for column, text in (("B", "Début"), ("C", "Fin"), ("D", "Valeur (en kW)"))
    )
    sheet = f"<worksheet><sheetData><row>{head}</row>{''.join(cells)}</sheetData></worksheet>"
    book = '<workbook xmlns:r="r"><sheets><sheet name="Consommation Horaire" r:id="a"/></sheets></workbook>'
    related = '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>'
    return packed(**{"xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": related, "xl/worksheets/sheet1.xml": sheet})


FORMS = (*(curve_csv, resaved_csv, newest_first_csv, conso_downloader, dataconnect, r63, r50, quoalise, edf, xlsx),)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize(("first", "days"), SPANS, ids=["autumn", "spring", "summer"])
def test_a_random_curve_comes_back_from_every_form(form, first, days):
    """The same half hours in UTC, over both changes of the clock."""
    chance = random.Random(f"{form.__name__} {first}")
    start = midnight_of(first)
    count = (midnight_of(first + timedelta(days=days)) - start) // 1800
    watts = [2 * chance.randrange(4000) for _ in range(count)]
    (block,) = read_file("x", form(start, watts), DRAWN).blocks
    assert block.kind == CURVE
    assert [point[:3] for point in block.points] == [
        (start + place * 1800, 1800, value) for place, value in enumerate(watts)
    ]
    assert block.holes == []


def test_rows_of_a_whole_year_are_read_in_any_order():
    """Shuffled where they have an offset: what is sorted is UTC."""
    start = midnight_of(date(2022, 10, 29))
    chance = random.Random(7)
    watts = [2 * chance.randrange(4000) for _ in range(400)]
    head, _, rows = curve_csv(start, watts).decode().partition("Horodate;Valeur\n")
    lines = rows.splitlines(keepends=True)
    chance.shuffle(lines)
    (block,) = read_file("x", (head + "Horodate;Valeur\n" + "".join(lines)).encode(), DRAWN).blocks
    assert [point.value for point in block.points] == watts


def test_the_csv_module_has_its_own_bound():
    """A quote that never ends is one line, and that is bounded."""
    assert csv.field_size_limit() <= 131_072
    assert refusal(b'Date;Consommation\n"' + b"22/03/2023 00:00;1.269 kWh\n" * 10_000)


# What stands in files, where it does not belong.
ODD = (
    *(b";", b",", b"\n", b'"', b"-1", b"NA", b"+02:00", b"9" * 30, b"\xff", b"\0", b"{", b"[", b"}", b"null"),
    *(b"1e4000000", b"2022-10-30T02:30:00", b"99/99/2022", b"<a>", b"</PDC>", b"Identifiant PRM;", b"0001-01-01"),
    b"Horodate;Valeur\n",
)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused(name):
    """Bytes changed, lost, doubled, put in: with a sentence, never with a traceback."""
    chance = random.Random(name)
    whole = (SAMPLES / name).read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 5))):
            place, more = chance.randrange(len(data) + 1), chance.choice((1, 8, 300))
            match chance.randrange(4):
                case 0:
                    data[place:place] = chance.choice(ODD)
                case 1:
                    data[place : place + more] = b""
                case 2:
                    data[place : place + 1] = bytes([chance.randrange(256)])
                case _:
                    data[place:place] = data[chance.randrange(len(data) + 1) :][:more]
        with suppress(HistoryFileError):
            for block in read_file(name, bytes(data), choices(name)).blocks:
                assert block.wh >= 0


def test_json_of_another_kind_is_refused():
    """A list of numbers, of lists, of nothing; an object that is nearly one."""
    for data in (
        b"[]",
        b"[1, 2]",
        b"[[1]]",
        b'{"mesures": 3}',
        b'{"meter_reading": []}',
        b'{"header": {"codeFlux": "R63"}}',
    ):
        assert refusal(data)
    assert "too many values" in refusal(b"[" + b"{}," * 600_000 + b"{}]")
