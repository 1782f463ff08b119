"""A stream is read as ElementTree reads it; what is too deep or too much is never built, and takes nothing with it."""

import random
import time
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.federation.connection.parser import MAX_LEVELS, MOST_OF_A_STRANGER, MOST_PARTS, BoundedParser, Refused
from gateway.federation.wire.form import MAX_FIELDS, build_submit
from gateway.senml.pack import MAX_RECORDS
from tests.gateway.federation.hostile import nested, relatives
from tests.gateway.federation.test_session import HEADER

GOLDEN = [path.read_text() for path in sorted((Path(__file__).parent / "golden").glob("*.xml"))]
PING = "<iq xmlns='jabber:client' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"


def read(parser, text, step):
    """The events of a text that comes in pieces, as (event, XML)."""
    data = text.encode()
    for start in range(0, len(data), step):
        parser.feed(data[start : start + step])
        yield from parser.read_events()


def ours(most=MOST_PARTS):
    return BoundedParser(lambda _: most)


def stanzas(parser, text, step=10**9):
    """What came whole."""
    return [xml for event, xml in read(parser, text, step) if event == "end"]


@pytest.mark.parametrize("step", [1, 7, 1000, 100_000, 10**9])
def test_an_honest_stream_is_read_as_elementtree_reads_it(step):
    """Name by name, attribute by attribute, text and tail, in pieces of any size, over many renewals."""
    draw = random.Random(1)
    mixed = (
        "<message a='&lt;\u00e9' xmlns:y='urn:y'>t&amp;<y:b y:c='1'>u<![CDATA[<>]]></y:b> v<!-- c --><?pi?></message>"
    )
    parts = [*GOLDEN, mixed, PING, " \n", "<presence/>"]
    text = HEADER + "".join(draw.choices(parts, k=40 if step == 1 else 300)) + "</stream:stream>"
    theirs = ET.XMLPullParser(("start", "end"))
    expected, depth = [], 0
    for event, xml in read(theirs, text, step):
        depth += 1 if event == "start" else 0
        if depth < 3 and event == "end":
            xml.tail = None
            expected.append(ET.tostring(xml) if depth == 2 else xml.tag)
        depth -= 1 if event == "end" else 0
    assert len(text) > 65_536 * 2 or step == 1
    found = stanzas(ours(), text, step)
    assert [*map(ET.tostring, found[:-1]), found[-1].tag] == expected


def test_the_stream_begins_and_ends():
    """Its own start tag comes at once, with its attributes; its end is said."""
    parser = ours()
    ((event, root),) = read(parser, HEADER, 1)
    assert (event, root.tag, root.get("from")) == ("start", "{http://etherx.jabber.org/streams}stream", "sen9.test")
    assert [event for event, _ in read(parser, PING + "</stream:stream>", 1)] == ["start", "end", "end"]


@pytest.mark.parametrize("step", [1, 1000, 10**9])
def test_what_goes_too_deep_leaves_its_start_tag_only(step):
    """The deepest that may be is whole; one more level is refused, and what follows is as it was sent."""
    deep = "<iq xmlns='jabber:client' type='get' from='a@b/c' to='d' id='7' odd='x'>{}</iq>"
    text = HEADER + deep.format(nested(MAX_LEVELS - 1)) + deep.format("t" + nested(MAX_LEVELS)) + PING
    whole, refused, ping = stanzas(ours(), text, step)
    assert len([*whole.iter()]) == MAX_LEVELS
    assert isinstance(refused, Refused)
    assert not isinstance(whole, Refused)
    assert (refused.tag, refused.attrib) == (whole.tag, {"type": "get", "from": "a@b/c", "to": "d", "id": "7"})
    assert (len(refused), refused.text) == (0, None)
    assert ET.tostring(ping) == ET.tostring(ET.fromstring(PING))


@pytest.mark.parametrize(
    "content",
    ["<a/>" * 60, "<b " + " ".join(f"a{n}=''" for n in range(60)) + "/>", "<a b=''/>" * 30],
    ids=["elements", "attributes", "both"],
)
def test_what_has_too_many_parts_is_refused(content):
    """Elements and attributes count alike; how many may be is asked with the sender's address."""
    asked = []
    parser = BoundedParser(lambda origin: asked.append(origin) or 50)
    text = HEADER + f"<message from='a@b/c'>{content}</message><message>{'<a/>' * 49}</message>"
    first, second = stanzas(parser, text)
    assert isinstance(first, Refused)
    assert len(second) == 49
    assert asked == ["a@b/c", ""]


def test_the_largest_of_ours_pass():
    """A pack of as many records as one may have; of somebody unknown the largest form."""
    pack = "<message><sensml>" + "<senml n='a' t='1' u='W' v='2'/>" * MAX_RECORDS + "</sensml></message>"
    (message,) = stanzas(ours(), HEADER + pack)
    assert len(message[0]) == MAX_RECORDS
    form = build_submit("request_access", {f"field{n}": "x" for n in range(MAX_FIELDS)})
    (asked,) = stanzas(ours(MOST_OF_A_STRANGER // 5), HEADER + f"<iq>{ET.tostring(form, encoding='unicode')}</iq>")
    assert not isinstance(asked, Refused)


def test_a_stream_that_is_no_xml_says_so_in_its_place():
    """What was whole before it is still had; it is said once, and nothing is read after it."""
    parser = ours()
    parser.feed(HEADER + PING + "<iq></message>" + PING)
    events = parser.read_events()
    assert [next(events)[0] for _ in range(3)] == ["start", "start", "end"]
    with pytest.raises(ET.ParseError):
        next(events)
    parser.feed(PING)
    assert list(parser.read_events()) == []


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("<message id='" + "a" * 1_000_000 + "'/>", 100),
        ("<message><!--" + "a" * 1_000_000 + "--></message>", 100),
        (f"<message>{nested(MAX_LEVELS + 1)}</message>" * 2000, 10**9),
    ],
    ids=["one tag", "one comment", "many refused"],
)
def test_how_a_text_is_cut_into_pieces_costs_nothing(text, step):
    """The longest tag a few bytes at a time, two thousand refused stanzas at once: each byte is read a few times."""
    parser = ours()
    stanzas(parser, HEADER + PING)
    began = time.process_time()
    found = stanzas(parser, text + PING, step)
    assert time.process_time() - began < 2
    assert ET.tostring(found[-1]) == ET.tostring(ET.fromstring(PING))


def test_what_strangers_think_of_is_forgotten():
    """Half a megabyte of names never seen before, and hostile stanzas, leave nothing behind."""
    parser = ours(MOST_OF_A_STRANGER)
    draw = random.Random(2)

    def strange():
        for _ in range(25):
            names = "".join(f"<n{draw.getrandbits(64):x} a{draw.getrandbits(64):x}=''/>" for _ in range(400))
            yield f"<message>{names}</message>"
        yield from relatives(3, 15, "gw@sen1.test")

    stanzas(parser, HEADER + PING)
    tracemalloc.start()
    try:
        for text in strange():
            assert len(stanzas(parser, text, 16_384)) == 1
        stanzas(parser, PING)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after < 300_000
    assert peak < 8_000_000
