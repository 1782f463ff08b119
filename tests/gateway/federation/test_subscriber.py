"""What becomes of a provider's answers, nonsense included: here they must misbehave on command."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.recipient.subscriber import RetryPace, Subscriber, _Pages
from gateway.federation.recipient.supply import Standing
from gateway.federation.wire.form import Answer, Command, build_result
from gateway.store.providers import ReceivedGap
from tests.gateway.federation.conftest import START, eventually
from tests.gateway.federation.messages import pack


class Line:
    """In place of a session: it answers each command with the next of its answers."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []
        self.connected = asyncio.Event()
        self.connected.set()

    def on_change(self, callback):
        """Nothing changes here."""

    def on_present(self, callback, origin):
        """Remember whose presence it asks again at."""
        self.awaited, self.appears = origin, callback

    def greet(self, to):
        """It shows itself."""
        self.asked.append(f"greet {to}")

    async def request(self, to, command, timeout_s=30.0):
        """The next answer, or the next error."""
        self.asked.append(command.get("node"))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Shelf:
    """Keeps nothing and remembers what it was told."""

    notices = 0

    def __init__(self, *gaps):
        self.begun, self.filled, self.missing = [], [], list(gaps)

    async def reached(self):
        """Nothing was received yet."""

    async def begin(self, identifier, numbers):
        """Remember it."""
        self.begun.append((identifier, numbers))

    async def gaps(self):
        """What it was given."""
        return self.missing

    async def fill(self, gap, parcel, *, last):
        """Remember it."""
        self.filled.append((gap, last))
        return True


def answer(**fields):
    """A completed command with these result fields."""
    results = [(var, QUIET, text) for var, text in fields.items()]
    return build_result(Command("subscribe", "execute", "s", {}, None), "en", QUIET, Answer(results))


class _Quiet:
    def in_language(self, _):
        return ""


QUIET = _Quiet()


@pytest.mark.parametrize(
    ("given", "standing"),
    [
        (answer(epoch="0a1b2c3d", first="1", last="0"), Standing.SUBSCRIBED),
        (answer(), Standing.SUBSCRIBED),
        (answer(epoch="0a1b2c3d", first="one", last="0"), Standing.NONSENSE),
        (answer(epoch="0a1b2c3d", first="1", last="9" * 40), Standing.NONSENSE),
        (answer(epoch="0a1b2c3d"), Standing.NONSENSE),
        (answer(epoch="e" * 1000, first="1", last="0"), Standing.NONSENSE),
        (ET.Element("empty"), Standing.SUBSCRIBED),
        (FederationError("?", "bad-request"), Standing.NONSENSE),
        (FederationError("?", "not-authorized"), Standing.REFUSED),
        (FederationError("?", "service-unavailable"), Standing.ABSENT),
        (FederationError("?", "undefined-condition"), Standing.ABSENT),
        (FederationError("?", "resource-constraint"), Standing.BUSY),
    ],
)
def test_each_answer_has_its_standing(given, standing):
    """Granted, refused, away or nonsense: nothing of it stops the gateway."""

    async def scenario():
        subscriber = Subscriber(Line(given), "p@x/proxy", ["i"], Shelf(), lambda *_: None)
        await subscriber._subscribe_all()
        assert subscriber.outcomes["i"].standing is standing

    asyncio.run(scenario())


def test_it_shows_itself_once_it_may_have_something_and_asks_again_when_the_provider_shows_itself():
    """So the provider knows who is there; whoever is refused, or away, is shown nothing."""

    async def scenario():
        away = FederationError("?", "service-unavailable")
        line = Line(answer(), answer(), away, answer(), answer())
        pace = RetryPace(answer_s=0)
        subscriber = Subscriber(line, "p@x/proxy", ["i"], Shelf(), lambda *_: None, pace)
        assert line.awaited == "p@x/proxy"
        for _ in range(3):
            await subscriber._subscribe_all()
        assert line.asked == ["subscribe", "greet p@x/proxy", "subscribe", "greet p@x/proxy", "subscribe"]
        stop = asyncio.Event()
        working = asyncio.create_task(subscriber.subscribe(stop))
        await eventually(lambda: len(line.asked) == 7)
        line.appears("p@x/proxy")
        await eventually(lambda: len(line.asked) == 9)
        stop.set()
        subscriber.ask_again()
        await working

    asyncio.run(scenario())


def test_two_that_receive_from_each_other_do_not_greet_for_ever():
    """A presence right after our own is its answer; later the provider has been away."""

    async def scenario():
        line = Line(answer(), answer())
        subscriber = Subscriber(line, "p@x/proxy", ["i"], Shelf(), lambda *_: None)
        stop = asyncio.Event()
        working = asyncio.create_task(subscriber.subscribe(stop))
        await eventually(lambda: line.asked == ["subscribe", "greet p@x/proxy"])
        for _ in range(3):
            line.appears("p@x/proxy")
            await asyncio.sleep(0)
        assert len(line.asked) == 2
        subscriber._greeted -= 10
        line.appears("p@x/proxy")
        await eventually(lambda: len(line.asked) == 4)
        stop.set()
        subscriber.ask_again()
        await working

    asyncio.run(scenario())


def test_what_fails_is_asked_less_and_less_often():
    """Away: from a second to ten minutes. Refused: from ten minutes to six hours. A success begins anew."""

    async def scenario():
        pace = RetryPace(again_s=3600, refused_s=600, refused_most_s=6 * 3600, absent_s=1, absent_most_s=600)
        away, no = FederationError("?", "service-unavailable"), FederationError("?", "not-authorized")
        line = Line(*[away] * 12, answer(), *[no] * 6)
        subscriber = Subscriber(line, "p@x/proxy", ["i"], Shelf(), lambda *_: None, pace)
        pauses = [await subscriber._subscribe_all() for _ in range(19)]
        assert pauses[:12] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
        assert pauses[12:] == [3600, 600, 1200, 2400, 4800, 9600, 19200]

    asyncio.run(scenario())


@pytest.mark.parametrize("beside", [[], [FederationError("?", "service-unavailable")]])
def test_one_that_is_asked_too_much_is_left_alone_for_a_minute(beside):
    """As its condition says it; longer where it goes on, and whoever else is away is not asked sooner there."""

    async def scenario():
        pace = RetryPace(absent_most_s=600)
        answers = [FederationError("?", "resource-constraint"), *beside]
        line = Line(*answers * 8, *[answer()] * len(answers))
        names = ["i", "j"][: len(answers)]
        subscriber = Subscriber(line, "p@x/proxy", names, Shelf(), lambda *_: None, pace)
        pauses = [await subscriber._subscribe_all() for _ in range(9)]
        assert pauses == [60, 60, 60, 60, 60, 60, 64, 128, 600]
        assert subscriber.busy is False

    asyncio.run(scenario())


def test_nothing_that_happens_within_that_minute_has_it_asked_sooner():
    """Neither a presence of the provider nor a new session: it is asked at its end, and once."""

    async def scenario():
        loop = asyncio.get_running_loop()
        line = Line(FederationError("?", "resource-constraint"), answer())
        pace = RetryPace(answer_s=0, busy_s=0.5)
        subscriber = Subscriber(line, "p@x/proxy", ["i"], Shelf(), lambda *_: None, pace)
        stop, began = asyncio.Event(), loop.time()
        working = asyncio.create_task(subscriber.subscribe(stop))
        await eventually(lambda: line.asked == ["subscribe"])
        line.appears("p@x/proxy")
        subscriber._change(connected=True)
        await eventually(lambda: len(line.asked) == 3)
        assert loop.time() - began >= 0.5
        assert line.asked == ["subscribe", "subscribe", "greet p@x/proxy"]
        stop.set()
        subscriber.ask_again()
        await working

    asyncio.run(scenario())


def test_who_numbers_nothing_is_begun_with_when_it_accepts_however_late():
    """What it sent meanwhile is nowhere but in its history; of what it accepted already nothing is asked twice."""

    async def scenario():
        away, no = FederationError("?", "service-unavailable"), FederationError("?", "not-authorized")
        line, shelf = Line(away, away, answer(), no, answer(), answer(), answer(), no, answer(), answer()), Shelf()
        subscriber = Subscriber(line, "p@x/proxy", ["i", "j"], shelf, lambda *_: None)
        subscriber._change(connected=True)
        begun = []
        for _ in range(5):
            await subscriber._subscribe_all()
            begun.append([identifier for identifier, _ in shelf.begun])
            shelf.begun.clear()
        assert begun == [[], ["i"], ["j"], [], ["j"]]

    asyncio.run(scenario())


def test_it_can_be_ended_within_that_minute():
    """A gateway that is stopped waits for nobody."""

    async def scenario():
        line = Line(FederationError("?", "resource-constraint"))
        subscriber = Subscriber(line, "p@x/proxy", ["i"], Shelf(), lambda *_: None)
        stop = asyncio.Event()
        working = asyncio.create_task(subscriber.subscribe(stop))
        await eventually(lambda: subscriber.busy)
        stop.set()
        async with asyncio.timeout(30):
            await working

    asyncio.run(scenario())


def history_page(last, count):
    """An answer to get_history with one record."""
    page = ET.fromstring(f'<set xmlns="http://jabber.org/protocol/rsm"><last>{last}</last><count>{count}</count></set>')
    made = answer()
    made.extend([pack("gw@x/s@x/i"), page])
    return made


def test_a_page_that_a_notice_overtakes_is_not_kept_but_asked_again():
    """Between the question and the answer the provider erased something: the page may still hold it."""
    gap = ReceivedGap(1, "i", START, START + 60, replaces=False)
    shelf = Shelf(gap)

    class Overtaken(Line):
        """A notice comes in while the history is being asked."""

        async def request(self, to, command, timeout_s=30.0):
            shelf.notices += command.get("node") == "get_history"
            return await super().request(to, command, timeout_s)

    async def scenario():
        plain = Line(answer(), history_page(0, 2), history_page(1, 2))
        await Subscriber(plain, "p@x/proxy", ["i"], shelf, lambda *_: None)._subscribe_all()
        assert shelf.filled == [(gap, False), (gap, True)]
        shelf.filled.clear()
        subscriber = Subscriber(Overtaken(answer(), history_page(1, 2)), "p@x/proxy", ["i"], shelf, lambda *_: None)
        await subscriber._subscribe_all()
        assert shelf.filled == []
        assert subscriber._changed.is_set()

    asyncio.run(scenario())


def turn(pages, last, count, records):
    """One page."""
    said = "".join(f"<{name}>{word}</{name}>" for name, word in (("last", last), ("count", count)) if word is not None)
    pages.turn(ET.fromstring(f'<c><set xmlns="http://jabber.org/protocol/rsm">{said}</set></c>'), records)
    return pages.after, pages.ended


def test_pages_end_when_all_that_were_counted_are_here_or_with_an_empty_page():
    """Whether the provider counts with each page, with the first one only, or never; or knows no pages at all."""
    pages = _Pages()
    assert turn(pages, "a", 10, 6) == ("a", False)
    assert turn(pages, "b", 10, 4)[1]
    assert turn(_Pages(), "a", 6, 6)[1]
    # Four more came while the first page was read: the count of that one is reached, and there is another page.
    pages = _Pages()
    assert [turn(pages, "a", 10, 6), turn(pages, "b", None, 4)] == [("a", False), ("b", False)]
    assert turn(pages, "c", None, 4) == ("c", False)
    assert turn(pages, None, None, 0)[1]
    pages = _Pages()
    assert [turn(pages, last, None, 6) for last in ("a", "b")] == [("a", False), ("b", False)]
    assert turn(pages, None, None, 0)[1]
    assert turn(_Pages(), None, 0, 0)[1]


@pytest.mark.parametrize("lasts", ["aa", "aba", ["a", "x" * 2000]])
def test_pages_that_go_round_are_left(lasts):
    """A page that does not lead on is nonsense, and so is a name of a page that fills the memory."""
    pages = _Pages()
    with pytest.raises(ValueError, match="circles"):
        [turn(pages, last, 100, 1) for last in lasts]
