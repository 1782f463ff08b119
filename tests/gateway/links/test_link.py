"""The state of each link in one word, as the command line and the page show it."""

from gateway.links.link import (
    BROKEN,
    OK,
    WAITING,
    Link,
    LinkKind,
    as_json,
    as_text,
    decode_link,
    meter_link,
    port_link,
    recipient_links,
    tee_link,
    watcher_link,
)
from gateway.sources.line import LineState
from gateway.sources.tee import Tee
from gateway.store.points import Backlog
from gateway.tic.quality import Fault, SignalQuality
from gateway.words.phrase import same, written


def test_a_meter_is_mute_after_half_a_minute():
    """Nothing yet is waiting, frames are ok, silence is broken; a file that has ended is not silence."""
    assert meter_link("house", LineState(), 100.0).state == WAITING
    line = LineState(open=True, mode="standard", last_frame=100.0, frames=7)
    assert meter_link("house", line, 130.0).state == OK
    mute = meter_link("house", line, 131.0)
    assert (mute.state, str(mute.detail).startswith("silent; standard mode, 7 whole frames")) == (BROKEN, True)
    line.ended = True
    assert meter_link("house", line, 500.0).state == OK


def test_what_is_read_comes_with_its_quality():
    """The score of the last minute, hour and day, and the faults of the day by kind."""
    quality = SignalQuality(0.0)
    for second in range(1, 11):
        quality.note(float(second), good=38, faults={Fault.CHECKSUM: 2} if second == 5 else None)
    line = LineState(open=True, mode="standard", last_frame=10.0)
    link = decode_link("house", line, quality, 11.0)
    assert link.state == OK
    assert str(link.detail) == "standard mode; signal 99.48 % (minute), 99.48 % (hour), 99.48 % (day); 2 checksum"


def test_a_port_says_why_it_is_not_open():
    """Open with its speed and its device, broken with its reason, or being opened."""
    assert str(port_link("house", LineState(open=True, speed=9600), 1.0).detail) == "open at 9600 Bd"
    found = LineState(open=True, speed=1200, device=same("/dev/ttyUSB1, found by its USB identity"))
    assert str(port_link("house", found, 1.0).detail) == "open at 1200 Bd (/dev/ttyUSB1, found by its USB identity)"
    broken = port_link("house", LineState(error=same("plugged in?")), 1.0)
    assert (broken.state, str(broken.detail)) == (BROKEN, "plugged in?")
    assert port_link("house", LineState(), 1.0).state == WAITING


def test_a_tee_says_where_it_is_and_for_how_many():
    """Being opened, open, or why it cannot be."""
    tee = Tee("house", "::1", 7000)
    assert tee_link("house", tee, tee.changed + 1).state == WAITING
    tee.listening = True
    assert tee_link("house", tee, tee.changed) == Link(
        LinkKind.TEE,
        "house",
        OK,
        0,
        written({"fr": "ouverte à [::1]:7000, clients\u00a0: 0", "en": "open at [::1]:7000, clients: 0"}),
    )
    tee.listening, tee.error = False, same("cannot listen at [::1]:7000")
    assert tee_link("house", tee, tee.changed) == Link(LinkKind.TEE, "house", BROKEN, 0, tee.error)


def test_who_watches_live_is_said():
    """What, how often, until when."""
    link = watcher_link("coop@b.test", "consumption/power", 5, 1_781_604_000)
    assert (str(link), link.state) == ("watcher coop@b.test", OK)
    assert str(link.detail) == "sees consumption/power live, every 5 s, until 2026-06-16 12:00"
    assert (
        link.detail.in_language("fr") == "voit consumption/power en direct, toutes les 5 s, jusqu’au 16/06/2026 12:00"
    )
    assert "everything it is allowed to see" in str(watcher_link("coop@b.test", "", 1, 0).detail)


def test_a_recipient_waits_as_long_as_its_oldest_point():
    """The age is that of the point that has waited longest; with an empty queue it has everything."""
    late, done = recipient_links([Backlog("a@b.test", 3, 1000, 9), Backlog("c@d.test", 0, None, 4)], 1600.0)
    assert (late.state, late.age_s, str(late.detail)) == (WAITING, 600.0, "3 readings waiting")
    assert (done.state, done.age_s, str(done.detail)) == (OK, None, "has everything")
    (gone,) = recipient_links([Backlog("e@f.test", 3, 1000, 9, 1500)], 1600.0)
    assert (gone.state, gone.age_s) == (BROKEN, 100.0)
    assert str(gone.detail) == "suspended: its address is gone; 3 readings waiting; see `consent resume`"
    text = as_text(as_json([late, done], running=True), "en")
    assert text.splitlines()[1:] == [
        "… Recipient a@b.test  waiting   10 min  3 readings waiting",
        "✓ Recipient c@d.test  in order       –  has everything",
    ]
    text = as_text(as_json([late, done], running=False), "fr")
    assert text.splitlines() == [
        "la passerelle n’est pas en marche\u202f; d’après la base\u00a0:",
        "… Destinataire a@b.test  en attente  10 min  points en attente\u00a0: 3",
        "✓ Destinataire c@d.test  en ordre         –  a tout reçu",
    ]


def test_a_line_that_is_too_long_for_the_terminal_goes_on_below_its_sentence():
    """Nothing is cut off at 80 columns, and nothing is folded where no terminal is."""
    link = Link(LinkKind.DECODE, "house", OK, 1.0, same("word " * 30))
    report = as_json([link], running=True)
    lines = as_text(report, "fr", 80).splitlines()
    start = lines[1].index("word")
    assert max(map(len, lines)) <= 80
    assert all(line[:start].isspace() and line[start] == "w" for line in lines[2:])
    assert " ".join(" ".join(lines[1:]).split()).count("word") == 30
    assert len(as_text(report, "fr").splitlines()) == 2


def test_a_gateway_of_an_earlier_version_is_shown_with_what_it_says():
    """An upgrade has both for a moment: what has no French is shown as it came."""
    row = {"link": "store", "state": "ok", "age_s": 1.0, "detail": "written", "figures": {}}
    assert "✓ store  en ordre       1 s  written" in as_text({"running": True, "links": [row], "alerts": []}, "fr")
