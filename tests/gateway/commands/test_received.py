"""The command line on others' series: a list, the newest points, everything, with the household's part."""

import csv
import io
import json
import time
from contextlib import closing

import pytest

from gateway.commands.main import main
from gateway.store.local_time import local_time
from gateway.store.providers import ReceivedEvent
from gateway.store.received import Incoming, Lot
from gateway.store.store import Store
from tests.gateway.store.conftest import START
from tests.prepared import prepare

ROOF = "toit@e.org"
PATH = "production/energy/active/index"
NAME = f"{ROOF}/pv1@e.org/{PATH}"
CONFIG = f"""
[[meter]]
source = "/dev/ttyTIC"
[store]
directory = "data"
[federation]
jid = "maison@e.org"
[[received]]
name = "roof"
provider = "{ROOF}/proxy"
identifier = "{ROOF}/pv1@e.org/production"
share = {{ held = 12, of = 400, unit = "actions" }}
[[received]]
name = "neighbour"
provider = "voisin@e.org/proxy"
identifier = "voisin@e.org/m@e.org"
"""

# A second inverter of the roof.
TWO = f"""
[[received]]
name = "west"
provider = "{ROOF}/proxy"
identifier = "{ROOF}/pv2@e.org/production"
[[roof]]
name = "Toit"
shares = 400
held = 12
received = ["roof", "west"]
"""


@pytest.fixture
def config(tmp_path):
    """A household's file, its database with three points of the roof and a notice."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        values = [Incoming(NAME, NAME, PATH, "Wh", "PT30M", START + 1800 * n, 1000 + 100 * n) for n in range(3)]
        store.providers.receive(ROOF, [Lot(values, None, "P1Y")], START)
        texts = {"fr": "Une erreur de compteur.", "en": "A meter's error."}
        store.providers.note(ReceivedEvent(ROOF, START, "data-rectified", NAME, {"texts": texts}), "notice-1")
    return tmp_path / "gateway.toml"


def run(capsys, *arguments):
    """The lines that a command prints."""
    assert main([*map(str, arguments), "--lang", "en"]) == 0
    return capsys.readouterr().out


def test_list_says_what_is_there_and_for_how_long(config, capsys):
    """One line a series, for a person and as JSON."""
    (line,) = run(capsys, "received", "list", "--config", config).splitlines()
    assert line.startswith(f"roof  {NAME}  PT30M  3 points  2026-06-16 12:00:00 … 2026-06-16 13:00:00  kept P1Y")
    (row,) = map(json.loads, run(capsys, "received", "list", "--json", "--config", config).splitlines())
    assert (row["name"], row["provider"], row["points"], row["retention"], row["ignored"]) == (
        "roof",
        ROOF,
        3,
        "P1Y",
        0,
    )


def test_history_shows_the_newest_with_my_part(config, capsys):
    """In order of time, each received point and what of it is mine."""
    lines = run(capsys, "received", "history", "roof", "--last", "2", "--config", config).splitlines()
    assert lines == [
        f"2026-06-16 12:30:00  {PATH}  PT30M  1100 Wh",
        "2026-06-16 12:30:00  production/share/roof/energy/active/index  PT30M  33 Wh",
        f"2026-06-16 13:00:00  {PATH}  PT30M  1200 Wh",
        "2026-06-16 13:00:00  production/share/roof/energy/active/index  PT30M  36 Wh",
    ]
    assert run(capsys, "received", "history", "neighbour", "--config", config) == ""


def test_a_name_that_is_not_configured_is_a_sentence(config, capsys):
    """It names those that are."""
    assert main(["received", "history", "barn", "--lang", "en", "--config", str(config)]) == 78
    assert "'barn' is no [[received]] of the configuration (roof, neighbour)" in capsys.readouterr().err


def test_export_gives_everything_in_two_forms(config, capsys):
    """CSV and JSON Lines hold the same."""
    table = list(csv.DictReader(io.StringIO(run(capsys, "received", "export", "--config", config))))
    lines = [json.loads(line) for line in run(capsys, "received", "export", "--json", "--config", config).splitlines()]
    assert [{k: str(v) for k, v in line.items()} for line in lines] == table
    assert len(table) == 6
    assert table[0] == {
        "time": "2026-06-16T10:00:00Z",
        "name": "roof",
        "provider": ROOF,
        "series": PATH,
        "granularity": "PT30M",
        "value": "1000",
        "unit": "Wh",
    }
    after = run(capsys, "received", "export", "--from", "2026-06-16T10:30:00Z", "--config", config)
    assert len(after.splitlines()) == 1 + 4


def test_notices_are_shown_in_either_language(config, capsys):
    """What a provider told, when, of what: in its own words for that language."""
    (line,) = run(capsys, "received", "notices", "--config", config).splitlines()
    assert line.startswith(f"2026-06-16 12:00:00  {ROOF}  readings corrected")
    assert line.endswith("A meter's error.")
    assert main(["received", "notices", "--lang", "fr", "--config", str(config)]) == 0
    line = capsys.readouterr().out.rstrip()
    assert line.startswith(f"16/06/2026 12:00:00  {ROOF}  mesures corrigées")
    assert line.endswith("Une erreur de compteur.")
    (row,) = map(json.loads, run(capsys, "received", "notices", "--json", "--config", config).splitlines())
    assert row["kind"] == "data-rectified"


def test_status_knows_the_sources_when_no_daemon_runs(config, capsys):
    """A line for each [[received]], with the age of its newest point."""
    assert main(["status", "--json", "--config", str(config)]) == 1
    links = {row["link"]: row for row in json.loads(capsys.readouterr().out)["links"]}
    assert links["provider roof"]["state"] == "ok"
    assert links["provider roof"]["age_s"] is not None
    assert (links["provider neighbour"]["state"], links["provider neighbour"]["age_s"]) == ("waiting", None)


@pytest.mark.parametrize(
    ("path", "unit", "granularity", "why", "pourquoi"),
    [
        (
            PATH,
            "Wh",
            "PT30M",
            "nothing has been received since 2026-06-16 13:00",
            "rien n’a été reçu depuis le 16/06/2026 13:00",
        ),
        (PATH, "Wh", "P1D", "what is received comes every P1D; ask for PT30M", "arrive tous les P1D"),
        (
            "production/power/apparent/raw",
            "VA",
            "PT1M",
            f"no energy can be made of what is received (VA); ask for {PATH}",
            "ce qui est reçu (VA) ne donne pas d’énergie",
        ),
        ("contract/tariff", "", "raw", "nothing of what is received is a production", "n’est une production"),
        ("", "", "", "nothing has been received yet", "rien n’a encore été reçu"),
    ],
)
def test_status_says_why_a_share_is_unknown(tmp_path, capsys, path, unit, granularity, why, pourquoi):
    """By what came: too long ago, too seldom, nothing that makes energy, no production, nothing; once alone."""
    (tmp_path / "gateway.toml").write_text(CONFIG.replace("pv1@e.org/production", "pv1@e.org"))
    prepare(tmp_path / "data")
    name = f"{ROOF}/pv1@e.org/{path}"
    with closing(Store(tmp_path / "data")) as store:
        values = (
            [Incoming(name, name, path, unit, granularity, START + 1800 * n, 1000) for n in range(3)] if path else []
        )
        store.providers.receive(ROOF, [Lot(values, None, "P1Y")], START)
    for lang, said in (("en", f"your share is unknown: {why}"), ("fr", pourquoi)):
        assert main(["status", "--lang", lang, "--config", str(tmp_path / "gateway.toml")]) == 1
        lines = " ".join(capsys.readouterr().out.replace("\u202f", " ").replace("\xa0", " ").split())
        assert said in lines
        assert lines.count("your share") + lines.count("votre part") == 1


def receive_at(folder, times, now, granularity="raw", counted=int):
    """What the index of each inverter was at these moments."""
    values = [
        Incoming(*(f"{ROOF}/{meter}@e.org/{PATH}",) * 2, PATH, "Wh", granularity, at, counted(at))
        for meter, each in times.items()
        for at in each
    ]
    with closing(Store(folder)) as store:
        store.providers.receive(ROOF, [Lot(values, None, "P1Y")], now)


@pytest.mark.parametrize("ahead", [False, True])
def test_status_names_the_one_of_two_inverters_that_stopped(tmp_path, capsys, ahead):
    """Six hours ago, while the other goes on; a point of a clock that is ahead is no sign of life."""
    (tmp_path / "gateway.toml").write_text(CONFIG + TWO)
    prepare(tmp_path / "data")
    now = int(time.time())
    stopped = now - 6 * 3600
    times = {"pv1": range(stopped, now + 1, 600), "pv2": [stopped, *([now + 3600] if ahead else [])]}
    receive_at(tmp_path / "data", times, now)
    assert main(["status", "--lang", "en", "--config", str(tmp_path / "gateway.toml")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("your share is unknown") == 1
    assert f"nothing has been received since {local_time(stopped)}, though roof goes on" in said


def test_status_names_a_source_of_which_one_meter_tells_its_days_alone(tmp_path, capsys):
    """Beside another one, of which the half hours are known: the sum of both is not."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    prepare(tmp_path / "data")
    now = int(time.time()) // 1800 * 1800
    receive_at(tmp_path / "data", {"pv1": range(now - 7200, now + 1, 1800)}, now, "PT30M")
    east = NAME.replace("production", "production/east")
    days = [Incoming(east, east, PATH, "Wh", "P1D", at, at) for at in (now - 86_400, now)]
    with closing(Store(tmp_path / "data")) as store:
        store.providers.receive(ROOF, [Lot(days, None, "P1Y")], now)
    assert main(["status", "--lang", "en", "--config", str(tmp_path / "gateway.toml")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "your share is unknown: what is received comes every P1D; ask for PT30M" in said


@pytest.mark.parametrize(("hours", "silent"), [(5, False), (6, False), (8, True)])
def test_an_inverter_that_ends_so_early_each_day_has_not_stopped(tmp_path, capsys, hours, silent):
    """In the shade five hours before the other one's last point the day before; today as early, or hours earlier."""
    (tmp_path / "gateway.toml").write_text(CONFIG + TWO)
    prepare(tmp_path / "data")
    now = int(time.time())
    yesterday = now - 86_400
    west = [at for end in (yesterday, now) for at in range(end - 9 * 3600, end + 1, 600)]
    east = [at for end in (yesterday - 5 * 3600, now - hours * 3600) for at in range(end - 1800, end + 1, 600)]
    receive_at(tmp_path / "data", {"pv1": west, "pv2": east}, now)
    assert main(["status", "--lang", "en", "--config", str(tmp_path / "gateway.toml")]) == 1
    assert ("though roof goes on" in " ".join(capsys.readouterr().out.split())) == silent


def test_an_inverter_that_begins_later_in_the_morning_is_not_silent(tmp_path, capsys):
    """The other one has counted for an hour, after a night in which both rested."""
    (tmp_path / "gateway.toml").write_text(CONFIG + TWO)
    prepare(tmp_path / "data")
    now = int(time.time())
    evening = now - 10 * 3600
    times = {"pv1": [evening + 600, *range(now - 3600, now + 1, 600)], "pv2": [evening]}
    receive_at(tmp_path / "data", times, now)
    assert main(["status", "--lang", "en", "--config", str(tmp_path / "gateway.toml")]) == 1
    assert "your share" not in capsys.readouterr().out


def test_marks_of_a_night_are_no_reason_to_call_another_silent(tmp_path, capsys):
    """Half hours of one that rests as well: of the other, by its frames, the last came in the evening."""
    (tmp_path / "gateway.toml").write_text(CONFIG + TWO)
    prepare(tmp_path / "data")
    now = int(time.time())
    half_hour, evening = now // 1800 * 1800, now - 10 * 3600
    marks = range(half_hour - 20 * 1800, half_hour + 1, 1800)
    receive_at(tmp_path / "data", {"pv1": marks}, now, "PT30M", lambda at: min(at, evening))
    receive_at(tmp_path / "data", {"pv2": [evening]}, now)
    assert main(["status", "--lang", "en", "--config", str(tmp_path / "gateway.toml")]) == 1
    assert "your share" not in capsys.readouterr().out


def test_status_has_nothing_to_say_of_a_share_that_is_known(tmp_path, capsys):
    """Half hours until now: the line of the source is as it was."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    prepare(tmp_path / "data")
    now = int(time.time()) // 1800 * 1800
    with closing(Store(tmp_path / "data")) as store:
        values = [Incoming(NAME, NAME, PATH, "Wh", "PT30M", now - 1800 * n, 1000 - 100 * n) for n in range(3)]
        store.providers.receive(ROOF, [Lot(values, None, "P1Y")], now)
    assert main(["status", "--lang", "en", "--config", str(tmp_path / "gateway.toml")]) == 1
    assert "your share" not in capsys.readouterr().out
