"""What ``tools/fuzz --daemon`` fires and how it judges; that it really ends nothing is in ``test_fuzz_daemon.py``."""

import asyncio
import json
from itertools import islice
from xml.etree import ElementTree as ET

import pytest

from fuzz import mqtt, relatives, tic, web, xmpp
from fuzz.daemon import spark
from fuzz.options import parser
from fuzz.shots import FASTEST, SLOWEST, Fired, Shot, drive


def depth(element):
    """Levels, the outermost counted; without recursion."""
    deepest, rest = 0, [(element, 1)]
    while rest:
        one, level = rest.pop()
        deepest = max(deepest, level)
        rest += [(child, level + 1) for child in one]
    return deepest


@pytest.mark.parametrize("way", [tic, mqtt, xmpp, web], ids=["tic", "mqtt", "xmpp", "http"])
def test_the_seed_says_every_input(way):
    """The same seed the same inputs, another one others; every kind comes among the first thousand."""
    first = list(islice(way.shots(7), 1000))
    assert first == list(islice(way.shots(7), 1000))
    assert first != list(islice(way.shots(8), 1000))
    assert {shot.kind for shot in islice(way.shots(8), 1000)} == {shot.kind for shot in first}


@pytest.mark.parametrize("family", ["poison", "crowd", "nested"])
def test_what_is_known_comes_first_and_its_relatives_after_it(family):
    """The same for the same seed, however many are asked for."""
    some, more = list(relatives.FAMILIES[family](3, 20)), list(relatives.FAMILIES[family](3, 200))
    assert more[: len(some)] == some
    assert len(more) > 200
    assert len(set(map(str, more))) > 190


def test_nothing_nests_deeper_than_an_ejabberd_survives():
    """2,000 levels; and what is known to have ended a session is among them."""
    found = [depth(ET.fromstring(text)) for text in relatives.nested(1, 500)]
    assert max(found) == relatives.DEEPEST
    assert sum(level >= 600 for level in found) > 100
    fired = (shot.data for shot in islice(xmpp.shots(1), 3000) if shot.kind != "no XML")
    assert max(text.count(b"<") for text in fired if b"<iq" in text) > 1000


def test_a_peer_s_stanzas_are_xml_but_those_that_are_meant_not_to_be():
    """What its own server would throw away tests nobody else."""
    for shot in islice(xmpp.shots(2), 1000):
        if shot.kind != "no XML":
            ET.fromstring(b"<stream>" + shot.data + b"</stream>")


def test_a_crowd_is_of_frames_that_are_valid_each_of_another_start():
    """Each could be the first of a board that was plugged in this second."""
    heads = [json.loads(one.payload.partition(b"\n")[0]) for one in relatives.crowd(1, 200)]
    assert len({head["boot"] for head in heads}) == len(heads) == 201


def test_inputs_come_at_their_pace_and_the_last_are_kept(tmp_path):
    """Five to fifty a second, until there are no more; a line of JSON each, byte for byte."""
    fired, sent = Fired(), []

    async def send(shot):
        sent.append(asyncio.get_running_loop().time())

    shots = [Shot("noise", bytes([number, 0, 255]), str(number)) for number in range(60)]
    asyncio.run(drive(iter(shots), send, fired, "1"))
    assert fired.kinds == {"noise": 60}
    assert 60 / FASTEST - 1 < sent[-1] - sent[0] < 60 / SLOWEST + 1
    fired.keep(tmp_path / "kept")
    kept = [json.loads(line) for line in (tmp_path / "kept").read_text().splitlines()]
    assert [one["data"].encode("latin-1") for one in kept] == [shot.data for shot in shots]


def test_memory_is_drawn_from_its_least_to_its_most():
    """One bar where there is one value; never more than fit a line; a short rise is seen."""
    assert spark([]) == ""
    assert spark([5.0]) == "▁"
    assert spark([1.0, 2.0, 3.0]) == "▁▅█"
    drawn = spark([1.0] * 500 + [9.0] + [1.0] * 500)
    assert len(drawn) == 80
    assert drawn.count("█") == 1


@pytest.mark.parametrize("asked", [["--only", "telnet"], ["--minutes", "-1"], ["--only", ""]])
def test_what_it_cannot_do_is_refused(asked, capsys):
    """With a sentence, before anything is started."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--daemon", *asked])
    assert ended.value.code == 2
    assert "tools/fuzz: error" in capsys.readouterr().err


def test_one_way_alone_or_nobody():
    """Names of ways and of families; none is nobody, by default it is all four."""
    assert parser().parse_args(["--only", "mqtt,nested"]).only == ("mqtt", "nested")
    assert parser().parse_args(["--only", "none"]).only == ()
    assert parser().parse_args([]).only == ("tic", "mqtt", "xmpp", "http")
