"""Signed sums: they show no neighbour's curve, hold each other, and let each member find what is wrong in its share."""

import json
import random
import resource
import time
from datetime import date, timedelta

import msgspec
import pytest

from gateway.errors import JournalError
from gateway.journal.key import SigningKey
from gateway.operation.checked import OwnCheck, check, share_of
from gateway.operation.days import DaysTogether, share_day
from gateway.operation.own import MemberFile, MemberHead, OwnDay, SignedOwnDay, fine, read_member
from gateway.operation.sums import Chain, SignedDay, digest, read_chain, sign, sums_of
from gateway.operation.sums import written as written_line
from tests.gateway.operation.neighbourhood import KEY, drawn_by_lot, shared_days, signed, written

DAYS = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25)]
PARTS = {"a": 'part = "50 %"', "b": 'part = "1/3"', "c": 'part = "1/6"'}
OPERATIONS = {
    "static": {"key": "static"} | PARTS,
    "pro-rata": {},
    "simple": {"key": "simple", "more": 'order = [["c"], ["a", "b"]]'},
    "full": {"key": "full", "p1": 'order = [["a"], ["b", "c"]]', "p2": 'order = [["c"], ["b"]]'},
    "full, by parts": {
        "key": "full",
        "a": 'parts = { p1 = "1/3", p2 = "10 %" }',
        "b": 'parts = { p1 = "1/3" }',
        "c": 'parts = { p2 = "70 %" }',
    },
}


@pytest.fixture
def three(tmp_path):
    """The operation of three members and a key."""
    return lambda name="pro-rata": written(tmp_path / "toit.toml", "abc", **OPERATIONS[name])


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_member_comes_to_what_the_operation_says(three, name):
    """By each key, on days of 92, 96 and 100 quarters, from its own meter and its own file alone."""
    operation = three(name)
    days, curves = shared_days(operation, random.Random(name), DAYS)
    _, files = signed(operation, days)
    for member, lines in files.items():
        result = check(read_member(lines), curves[member])
        assert (result.is_right, result.steps, result.unknown, result.unread) == (True, 288, 0, 0)
        assert result.theirs == result.ours > 0


@pytest.mark.parametrize("name", ["static", "pro-rata", "full, by parts"])
def test_no_neighbours_curve_is_in_a_members_file(three, name):
    """Two neighbours who exchange what they draw leave every byte of it as it is.

    By an order of groups a member's own parts tell how far those before it were served: README.
    """
    operation = three(name)
    curves = drawn_by_lot(random.Random(5), operation, DAYS[0])
    exchanged = curves | {"a": curves["b"], "b": curves["a"]}
    files = [signed(operation, [share_day(operation, DAYS[0], one)])[1]["c"] for one in (curves, exchanged)]
    assert files[0] == files[1]
    for neighbour in "ab":
        told = json.loads(files[0][1])["day"]
        assert list(curves[neighbour].values()) not in [told["produced"], told["wanted"]]


def test_in_abundance_and_at_night_nothing_is_told_of_what_others_drew(three):
    """The larger of both is what was produced, where that is more; and nothing where there is nothing to share."""
    operation = three()
    begins = list(drawn_by_lot(random.Random(1), operation, DAYS[0])["a"])
    curves = {name: dict.fromkeys(begins, 100) for name in "abc"} | {"p1": dict.fromkeys(begins, 0)}
    curves["p2"] = dict(zip(begins, [0, 299, 300, 5_000], strict=False)) | dict.fromkeys(begins[4:], 0)
    sums = sums_of(operation, share_day(operation, DAYS[0], curves))
    assert sums.produced[:4] == (0, 299, 300, 5_000)
    assert sums.wanted[:4] == (0, 300, 300, 5_000)


def test_of_two_members_nothing_but_the_production_is_told(tmp_path):
    """Neither what both drew nor a share by step: each would be the neighbour's curve."""
    operation = written(tmp_path / "toit.toml", "ab")
    days, curves = shared_days(operation, random.Random(3), DAYS[:1])
    _, files = signed(operation, days)
    assert len(files["a"]) == 2
    assert json.loads(files["a"][1])["day"]["wanted"] is None
    assert check(read_member(files["a"]), curves["a"]) == OwnCheck(alone=1)


def test_one_without_a_part_hides_nobody(tmp_path):
    """Of two who share and a third who gets nothing no share is told: it would be the other one's curve."""
    parts = {"a": 'part = "0 %"', "b": 'part = "1/2"', "c": 'part = "1/2"'}
    operation = written(tmp_path / "toit.toml", "abc", key="static", **parts)
    days, _ = shared_days(operation, random.Random(3), DAYS[:1])
    _, files = signed(operation, days)
    assert [json.loads(lines[-1])["day"]["members"] for lines in files.values()] == [2, 2, 2]
    assert {len(lines) for lines in files.values()} == {2}


def test_what_a_producer_injected_is_told_to_whom_it_feeds_alone(three):
    """Here a is fed by both, b by the first and c by the second."""
    operation = three("full, by parts")
    curves = drawn_by_lot(random.Random(9), operation, DAYS[0])
    _, files = signed(operation, [share_day(operation, DAYS[0], curves)])
    made = {who: json.loads(lines[-1])["own"]["made"] for who, lines in files.items()}
    one, two = (list(curves[who].values()) for who in ("p1", "p2"))
    nothing = [None] * len(one)
    assert made == {"a": [one, two], "b": [one, nothing], "c": [nothing, two]}


def test_what_is_unknown_is_told_as_unknown(three):
    """Of who is missing, pro rata of all; it is counted, and is no fault."""
    operation = three()
    curves = drawn_by_lot(random.Random(4), operation, DAYS[0])
    begins = list(curves["a"])
    del curves["b"][begins[40]], curves["p1"][begins[41]]
    days = [share_day(operation, DAYS[0], curves)]
    _, files = signed(operation, days)
    told = json.loads(files["a"][1])["day"]
    assert (told["wanted"][40], told["produced"][41], told["wanted"][41]) == (None, None, None)
    for member in "abc":
        result = check(read_member(files[member]), curves[member])
        assert (result.is_right, result.steps, result.unknown) == (True, 94, 2)


@pytest.mark.parametrize("name", [*OPERATIONS, "nothing for d"])
def test_nobody_is_accused_of_what_nobody_knows(three, tmp_path, name):
    """Curves with holes, by each key: what is told, and what is not, is what a member comes to as well."""
    nothing = {"key": "static", "a": 'part = "1/4"', "b": 'part = "1/4"', "c": 'part = "1/2"', "d": 'part = "0 %"'}
    operation = written(tmp_path / "toit.toml", "abcd", **nothing) if name == "nothing for d" else three(name)
    rng = random.Random(name)
    curves = drawn_by_lot(rng, operation, DAYS[0])
    kept = {who: {at: wh for at, wh in curve.items() if rng.random() < 0.8} for who, curve in curves.items()}
    _, files = signed(operation, [share_day(operation, DAYS[0], kept)])
    for member, lines in files.items():
        result = check(read_member(lines), curves[member])
        assert (result.is_right, result.shares) == (True, {})
        assert result.steps > 10


def test_a_day_on_which_it_was_not_in_it_is_no_day_of_few(three):
    """Others share then: its file has their sums of all, and nothing of its own."""
    operation = three()
    days, curves = shared_days(operation, random.Random(7), DAYS[:1])
    _, files = signed(operation, days)
    without = [line for line in files["a"] if not line.startswith(b'{"own"')]
    assert len(without) == len(files["a"]) - 1
    assert check(read_member(without), curves["a"]) == OwnCheck()


def test_a_meter_that_counts_otherwise_is_said_step_by_step(three):
    """More than 1 Wh, and which; what this meter does not know is not compared."""
    operation = three()
    days, curves = shared_days(operation, random.Random(6), DAYS[:1])
    _, files = signed(operation, days)
    begins = list(curves["a"])
    metered = dict(curves["a"])
    metered[begins[40]] += 1
    metered[begins[41]] += 2
    del metered[begins[42]]
    result = check(read_member(files["a"]), metered)
    assert (result.is_right, result.steps, result.unread) == (False, 95, 1)
    assert result.drawn == {begins[41]: (metered[begins[41]] - 2, metered[begins[41]])}
    assert result.shares == {}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_share_that_its_organiser_alters_is_found(three, name):
    """Signed by the true key, by a thousandth of a Wh, in any step."""
    operation = three(name)
    rng = random.Random(7)
    days, _ = shared_days(operation, rng, DAYS[:1])
    _, files = signed(operation, days)
    for member, lines in files.items():
        one = msgspec.json.decode(lines[2], type=SignedOwnDay).own
        place = rng.randrange(96)
        share = [value + (at == place) for at, value in enumerate(one.share)]
        altered = msgspec.structs.replace(one, share=tuple(share))
        again = SignedOwnDay(own=altered, sig=KEY.sign(bytes.fromhex(digest(b"", altered))).hex())
        result = check(read_member([*lines[:2], again.line().encode()]), {})
        assert list(result.shares) == [days[0].steps[place].begin], member


def changed(line, path, value):
    """A line with one thing in it changed, written as it should be."""
    found = json.loads(line)
    inside = found
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (lambda f: [f[0], changed(f[1], ["day", "produced", 40], 9), *f[2:]], "line 2: changed after it was signed"),
        (lambda f: [*f[:2], changed(f[2], ["own", "share", 40], 9), *f[3:]], "line 3: changed after it was signed"),
        (lambda f: [changed(f[0], ["key"], "0" * 64), *f[1:]], "line 2: changed after it was signed"),
        (lambda f: [f[0], *f[3:5], *f[1:3], *f[5:]], "line 4: does not follow"),
        (lambda f: [*f[:3], *f[5:]], "line 4: does not follow"),
        (lambda f: [f[0], *f[1:2], f[4]], "line 3: of another day"),
        (lambda f: [f[0].replace(b'"a"', b'"b"'), *f[1:]], "line 3: of another day, or of another member"),
        (lambda f: [f[0], f[2]], "line 2: of another day"),
        (lambda f: f[1:], "the first line does not say who signs"),
        (lambda f: [], "the first line does not say who signs"),
        (lambda f: [f[0], f[1] + b" "], "line 2: no line of an operation"),
        (lambda f: [f[0], b"[" * 100_000], "line 2: no line of an operation"),
        (lambda f: [f[0], b'{"day":{}}'], "line 2: no line of an operation"),
        (lambda f: [f[0], b"\xff\x00"], "line 2: no line of an operation"),
        (lambda f: [f[0], f[1][:-1] + b',"x":' + b"9" * 5_000 + b"}"], "line 2: no line of an operation"),
        (lambda f: [f[0], b" " * 1_000_001], "line 2: no line of an operation"),
    ],
)
def test_what_somebody_else_alters_is_one_sentence(three, alter, sentence):
    """A figure, a key, an order, a line that is missing or another's, or no line at all."""
    operation = three()
    days, _ = shared_days(operation, random.Random(8), DAYS)
    _, files = signed(operation, days)
    with pytest.raises(JournalError, match=sentence):
        read_member(alter(files["a"]))


@pytest.mark.parametrize("name", ["Le toit\x1b[2J", "Le toit\u202e", "x" * 101])
def test_what_a_terminal_would_obey_is_in_no_name(three, name):
    """However well it is signed; a space that does not break, as French has it, is one."""
    operation = three()
    days, _ = shared_days(operation, random.Random(12), DAYS[:1])
    good, bad = (
        msgspec.structs.replace(sums_of(operation, days[0]), operation=one) for one in ("Été\u00a0: toit", name)
    )
    chain = Chain(KEY.public, whole=True)
    lines = [MemberHead(member="a", key=KEY.public).line(), sign(chain, good, KEY).line()]
    assert read_member(line.encode() for line in lines).chain.head == chain.head
    seq, prev = 2, chain.head
    found = digest(seq.to_bytes(8, "big") + bytes.fromhex(prev), bad)
    line = SignedDay(day=bad, seq=seq, prev=prev, hash=found, sig=KEY.sign(bytes.fromhex(found)).hex()).line()
    with pytest.raises(JournalError) as caught:
        read_member(one.encode() for one in (*lines, line))
    assert "line 3: " in str(caught.value)
    assert str(caught.value).isprintable()
    strange = MemberHead(member=name, key=KEY.public).line().encode()
    with pytest.raises(JournalError, match="does not say who signs"):
        read_member([strange])


def test_what_nobody_could_read_is_not_signed(three):
    """A figure or a line beyond what whoever checks it takes: the chain stays as it was."""
    operation = three()
    days, _ = shared_days(operation, random.Random(13), DAYS[:2])
    chain, _ = signed(operation, days[:1])
    before, good = list(chain.days), sums_of(operation, days[1])
    for wrong in ({"produced": (10**12 + 1,)}, {"wanted": (1,) * 101}, {"members": 10_001}, {"operation": "x" * 101}):
        with pytest.raises(JournalError, match="larger, than whoever checks it takes"):
            sign(chain, msgspec.structs.replace(good, **wrong), KEY)
        assert chain.days == before
    long = OwnDay(member="a", of="0" * 64, drawn=(), share=(), parts=(("1" * 1_999 + "/1",) * 100,) * 6)
    with pytest.raises(JournalError, match="longer, or with"):
        written_line(SignedOwnDay(own=long, sig="0" * 128))
    assert sign(chain, good, KEY).seq == 2


def test_another_key_is_another_operation(three):
    """Whoever signs all anew has another key, whose letters differ: that is what members compare."""
    operation = three()
    days, _ = shared_days(operation, random.Random(9), DAYS[:1])
    other = SigningKey(bytes(32))
    chain = Chain(other.public, whole=True)
    line = sign(chain, sums_of(operation, days[0]), other)
    assert read_member([MemberHead(member="a", key=other.public).line().encode(), line.line().encode()])
    with pytest.raises(JournalError, match="changed after it was signed, or signed by another key"):
        read_chain([line.line().encode()], KEY.public)


def test_a_day_that_comes_to_something_else_later_gets_another_line(three):
    """What was signed stays in the chain, and the newest counts; a chain that was cut is seen."""
    operation = three()
    days, curves = shared_days(operation, random.Random(10), DAYS[:1])
    chain, files = signed(operation, days)
    begin = next(iter(curves["a"]))
    late = share_day(operation, DAYS[0], curves | {"a": curves["a"] | {begin: 17}})
    _, later = signed(operation, [late], chain)
    result = check(read_member([*files["a"], *later["a"][1:]]), curves["a"] | {begin: 17})
    assert (result.is_right, result.steps) == (True, 96)
    lines = [one.line().encode() for one in chain.days]
    assert read_chain(lines, KEY.public).head == chain.head
    with pytest.raises(JournalError, match="line 1: the lines before it are missing"):
        read_chain(lines[1:], KEY.public)


def neighbours(tmp_path, members, days, seed):
    """Share out ``days`` for ``members``; each member's own figure of each step is the operation's, exactly.

    Of each member one share is altered, and found. What it took, for the figures.
    """
    rng = random.Random(seed)
    names = [f"m{number}" for number in range(members)]
    operation = written(tmp_path / "toit.toml", names)
    altered = {name: (rng.randrange(days), rng.randrange(92)) for name in names}
    sharing = reckoning = 0.0
    found = equal = 0
    for number in range(days):
        day = date(2026, 1, 1) + timedelta(days=number)
        if day.day == 1:
            together = DaysTogether(operation)
        curves = drawn_by_lot(rng, operation, day)
        began = time.process_time()
        shared = share_day(operation, day, curves)
        together.add(shared)
        sharing += time.process_time() - began
        began = time.process_time()
        equal += each_for_itself(operation, shared)
        sums = sums_of(operation, shared)
        for place, name in enumerate(names):
            if altered[name][0] == number:
                found += is_found(sums, shared, place, name, altered[name][1])
        reckoning += time.process_time() - began
        if (day + timedelta(days=1)).day == 1 or number == days - 1:
            began = time.process_time()
            assert_adds_up(together)
            sharing += time.process_time() - began
    return {"equal": equal, "found": found, "sharing_s": sharing, "reckoning_s": reckoning}


def each_for_itself(operation, shared):
    """How many shares are, to the last fraction, what their members come to from the day's sums."""
    sums = sums_of(operation, shared)
    none = OwnDay(member="x", of="0" * 64, drawn=(), share=())
    equal = 0
    for at, step in enumerate(shared.steps):
        over, pairs = step.split.over, zip(step.drawn, step.split.shares, strict=True)
        for drawn, share in pairs:
            count, own_over = share_of(sums, none, at, drawn)
            equal += count * over == share * own_over
    return equal


def is_found(sums, shared, place, name, step):
    """Whether a member sees that one of its shares was altered by a thousandth of a Wh."""
    drawn = tuple(one.drawn[place] for one in shared.steps)
    share = [fine(one.split.shares[place], one.split.over) for one in shared.steps]
    share[step] += 1
    line = SignedDay(day=sums, seq=1, prev="0" * 64, hash="0" * 64, sig="0" * 128)
    file = MemberFile(MemberHead(member=name, key="0" * 64), Chain("0" * 64))
    file.chain.days.append(line)
    file.own[line.hash] = OwnDay(member=name, of=line.hash, drawn=drawn, share=tuple(share))
    return list(check(file, dict(zip(sums.begins(), drawn, strict=True))).shares) == [shared.steps[step].begin]


def assert_adds_up(together):
    """What all got and what was left is what was produced, to the last fraction."""
    shared = [one.shared for one in together.totals.members()]
    left = [one.left for one in together.totals.producers()]
    produced = sum(one.produced for one in together.totals.producers())
    assert len({one.over for one in shared}) == len({one.over for one in left}) == 1
    got, rest = sum(one.count for one in shared), sum(one.count for one in left)
    assert got * left[0].over + rest * shared[0].over == produced * shared[0].over * left[0].over


def test_forty_members_come_each_to_what_the_operation_says(tmp_path):
    """Over two months with a change of the clock: sums equal, each share its member's own, each altered one found."""
    done = neighbours(tmp_path, 40, 90, 11)
    assert done["equal"] == 40 * (90 * 96 - 4)
    assert done["found"] == 40


@pytest.mark.campaign
def test_a_thousand_members_of_a_year(tmp_path, capsys):
    """1,000 members × 35,040 steps: the same, with what it takes."""
    done = neighbours(tmp_path, 1_000, 365, 12)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with capsys.disabled():
        print(
            f"\n{done['equal']:,} shares equal, {done['found']} altered ones found;"
            f" processor: {done['sharing_s']:.0f} s the operation, {done['reckoning_s']:.0f} s its members;"
            f" {most} MB at most"
        )
    assert done["equal"] == 1_000 * 365 * 96
    assert done["found"] == 1_000
