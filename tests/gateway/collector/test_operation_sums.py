"""What is signed of an operation: a chain and a file for each member, and what is not signed."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from psycopg.errors import SerializationFailure

from gateway.collector import operation_cli, operation_sums
from gateway.operation.checked import check
from gateway.operation.own import read_member
from gateway.operation.plan import read_operation
from gateway.operation.steps import days_of
from harness.accounts import FAR
from tests.gateway.collector.conftest import with_database
from tests.gateway.collector.roofs import (
    ALL_STEPS,
    DRAWN,
    IN_ORDER,
    MONTH,
    NOON,
    QUARTER,
    ROOFS,
    SAID,
    THREE,
    given,
    member,
    operation,
    own_file,
    say,
    sent,
    sums,
)
from tests.gateway.collector.test_segments import fill


def test_signed_sums_let_each_member_check_its_share(store):
    """A chain for all, a file for each: what each meter counted comes to the share that it was told."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    said = sums(store, file)
    days = len(days_of(MONTH))
    assert f"{days} days signed anew, 3 files of members" in said
    chain = (store.folder / "sums" / "toit.sums.jsonl").read_bytes()
    for name, values in DRAWN.items():
        lines = (store.folder / "sums" / f"toit-{MONTH:%Y-%m}-{name}.jsonl").read_bytes().splitlines()
        metered = {int((NOON + n * QUARTER).timestamp()): wh for n, wh in enumerate(values)}
        result = check(read_member(lines), metered)
        assert (result.is_right, result.steps, result.unknown) == (True, 4, ALL_STEPS - 4)
        assert all(line in chain for line in lines if line.startswith(b'{"day"'))
    # Once more nothing is signed; what changed since is signed beside it.
    assert "0 days signed anew" in sums(store, file)
    assert (store.folder / "sums" / "toit.sums.jsonl").read_bytes() == chain
    store.ask("UPDATE gateway SET limited = true WHERE jid = 'h2@x'")
    assert "1 days signed anew" in sums(store, file)
    store.ask("UPDATE gateway SET limited = false WHERE jid = 'h2@x'")
    assert "1 days signed anew" in sums(store, file)
    assert len(read_member(own_file(store, "a").read_bytes().splitlines()).own) == days + 2
    assert (store.folder / "sums" / "toit.sums.jsonl").read_bytes().startswith(chain)
    (store.folder / "sums" / "toit.sums.jsonl").write_bytes(chain.replace(b'"members":3', b'"members":4', 1))
    assert "line 1: changed after it was signed" in sums(store, file, code=74)


@pytest.mark.parametrize(("bound", "said"), [("MOST_BYTES", "more than 20,000 bytes"), ("MOST_LINES", "more than 40")])
def test_nothing_is_written_that_members_could_not_read(store, monkeypatch, bound, said):
    """Neither the chain nor the file of anybody, and one sentence."""
    sent(store)
    say(store)
    monkeypatch.setattr(operation_sums, bound, {"MOST_BYTES": 20_000, "MOST_LINES": 40}[bound])
    sentence = sums(store, operation(store, *ROOFS, *THREE), code=74)
    assert f"{said}" in sentence
    assert "nothing was written" in sentence
    assert len(sentence.splitlines()) == 1
    assert not (store.folder / "sums").exists()


def test_of_two_that_sign_at_once_one_does(store):
    """Two would each continue the same chain, and members hold two stories; the second is told so, and another may."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)

    async def work(db):
        async with db.transaction():
            await operation_sums.alone(db, FAR, read_operation(file), chain)
            sentence = await asyncio.to_thread(sums, store, file, code)
            other = file.write_text(file.read_text().replace("Le toit", "La halle"))
            return sentence, await asyncio.to_thread(sums, store, file, other_code) if other else ""

    (store.folder / "elsewhere").symlink_to(store.folder)
    chain, code, other_code = store.folder / "elsewhere" / "toit.sums.jsonl", 74, 0
    sentence, other = with_database(store.conninfo, work)
    assert "another process is just signing the sums of Le toit: wait until it is done" in sentence
    assert len(sentence.splitlines()) == 1
    assert f"{len(days_of(MONTH))} days signed anew" in other
    # By another name, into the same chain.
    operation(store, *ROOFS, *THREE)
    chain, other_code = store.folder / "elsewhere" / "sums" / "toit.sums.jsonl", 74
    sentence, other = with_database(store.conninfo, work)
    assert f"another process is just signing into {store.folder / 'sums' / 'toit.sums.jsonl'}: wait" in other


def test_days_signed_before_the_database_asked_for_the_work_again_are_counted(store, monkeypatch):
    """Another transaction was in the way once the files were written: they were signed by this command all the same."""
    sent(store)
    say(store)
    write, ends = operation_cli._write_signed, [SerializationFailure("in the way")]

    def written(*args):
        write(*args)
        if ends:
            raise ends.pop()

    monkeypatch.setattr(operation_cli, "_write_signed", written)
    assert f"{len(days_of(MONTH))} days signed anew" in sums(store, operation(store, *ROOFS, *THREE))


ORDERED = ('order = [["c"], ["a", "b"]]\n', *ROOFS, *THREE)


TOGETHER = ('order = [["a", "b", "c"]]\n', *ROOFS, *THREE)


@pytest.mark.parametrize(
    ("key", "rows", "whose", "is_signed"),
    [
        ("pro-rata", (*ROOFS, *THREE), "b, c", True),
        ("simple", TOGETHER, "b, c", True),
        ("simple", ORDERED, "c", False),
    ],
)
def test_a_curve_that_is_corrected_alone_is_told_to_nobody(store, key, rows, whose, is_signed):
    """What was signed stays, unless the operator says so; where three are corrected at once it is signed anew.

    In an order of groups these three are before each other group: what is left after c alone tells of c alone.
    """
    drawn, _ = sent(store)
    say(store)
    file = operation(store, *rows, key=key)
    sums(store, file)
    before = given(store)
    for series in (drawn[1], drawn[2]):
        fill(store, (series, NOON, 9_950))
    said = sums(store, file)
    assert "0 days signed anew" in said
    assert f"fewer than 3 homes were corrected: {NOON:%Y-%m-%d} ({whose}) (--tell-corrections signs" in said
    assert given(store) == before
    fill(store, (drawn[0], NOON, 9_950))
    said = sums(store, file)
    assert ("1 days signed anew" in said, "left as" in said) == (is_signed, not is_signed)
    assert (given(store) == before) is not is_signed
    own = read_member(own_file(store, "c").read_bytes().splitlines())
    drew = [day.drawn[place] for day in own.own.values() for place, wh in enumerate(day.drawn) if wh]
    assert drew[-4] == (350 if is_signed else 300)


def test_an_order_tells_no_correction_by_way_of_what_was_unknown(store):
    """Its sums do not change with what homes draw: what members were given does, and each stays beside its own line."""
    drawn, _ = sent(store)
    say(store)
    file = operation(store, *ORDERED, key="simple")
    sums(store, file)
    store.ask("UPDATE gateway SET limited = true WHERE jid = 'h3@x'")
    assert "1 days signed anew" in sums(store, file)
    store.ask("UPDATE gateway SET limited = false WHERE jid = 'h3@x'")
    fill(store, (drawn[2], NOON, 9_950))
    before = given(store)
    said = sums(store, file)
    assert "0 days signed anew" in said
    assert f"{NOON:%Y-%m-%d} (c)" in said
    assert given(store) == before
    assert "1 days signed anew" in sums(store, file, 0, "--tell-corrections")
    own = read_member(own_file(store, "c").read_bytes().splitlines()).own.values()
    assert [next(filter(None, day.drawn)) for day in own if any(day.drawn)] == [300, 350]
    assert len(own) == len(days_of(MONTH)) + 2


GONE = {
    "of one home": "UPDATE series SET keep = 'P1D' WHERE id = {}",
    "of all": "UPDATE series SET keep = 'P1D'",
    "with its series": "DELETE FROM series",
}


@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize(("key", "rows"), [("pro-rata", (*ROOFS, *THREE)), ("simple", ORDERED)])
def test_what_retention_deleted_leaves_a_day_as_it_was_signed(store, key, rows, gone):
    """Known is not signed as unknown, in the chain or in what members hold, because it was kept no longer."""
    drawn, _ = sent(store)
    say(store)
    file = operation(store, *rows, key=key)
    sums(store, file)
    before = given(store)
    # It still sends.
    fill(store, (drawn[0], datetime.now(UTC), 20_000))
    store.ask(GONE[gone].format(drawn[0]))
    store.command("retain")
    said = sums(store, file)
    assert "0 days signed anew" in said
    assert f"left as they were signed, as readings of them were deleted since by retention: {NOON:%Y-%m-%d}\n" in said
    assert given(store) == before
    own_file(store, "b").unlink()
    assert "cannot be written without: bring it back\n" in sums(store, file, 78)


def test_an_order_without_what_the_first_was_given_is_one_sentence(store):
    """Whether it was corrected nobody knows then, and the parts of those after it would tell."""
    drawn, _ = sent(store)
    say(store)
    file = operation(store, *ORDERED, key="simple")
    sums(store, file)
    own_file(store, "c").unlink()
    fill(store, (drawn[2], NOON, 9_950))
    before = given(store)
    assert "what c was given is not here" in sums(store, file, 78)
    assert given(store) == before


def test_a_file_of_another_member_is_not_taken_for_ones_own(store):
    """Both are as they were signed; nobody's curve is compared with a neighbour's."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    sums(store, file)
    own_file(store, "a").write_bytes(own_file(store, "b").read_bytes())
    assert f"{own_file(store, 'a')}: is what b was given: bring that of a back" in sums(store, file, 74)


def test_a_correction_is_signed_where_its_operator_says_so(store):
    """After the home was told; what members hold of the line before stays in their files."""
    drawn, _ = sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    sums(store, file)
    fill(store, (drawn[1], NOON, 9_950))
    assert "1 days signed anew" in sums(store, file, 0, "--tell-corrections")
    days = len(days_of(MONTH))
    assert len(read_member(own_file(store, "b").read_bytes().splitlines()).own) == days + 1
    # Once more, back to what it was: the line before the last is of one other curve as well.
    fill(store, (drawn[1], NOON, 9_951))
    assert "0 days signed anew" in sums(store, file)


def test_a_production_that_is_corrected_is_signed_anew(store):
    """What is injected is told to all as it is: nothing of what homes draw is in the difference."""
    _, injected = sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    sums(store, file)
    # In abundance too, where more is wanted with it.
    fill(store, (injected[0], NOON, 9_000), (injected[0], NOON + 4 * QUARTER, 20_000))
    assert "1 days signed anew" in sums(store, file)


def test_a_correction_without_what_members_hold_is_one_sentence(store):
    """Nobody can write a day as it was signed that has no copy of it: both ways out are said."""
    drawn, _ = sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    sums(store, file)
    own_file(store, "a").unlink()
    assert "0 days signed anew" in sums(store, file)
    own_file(store, "a").unlink()
    fill(store, (drawn[1], NOON, 9_950))
    before = given(store)
    sentence = sums(store, file, 78)
    assert "what a was given is not here" in sentence
    assert "--tell-corrections" in sentence
    assert given(store) == before
    own_file(store, "b").write_bytes(before[own_file(store, "b").name].replace(b'"member":"b"', b'"member":"c"', 1))
    assert "bring it back, or move it away" in sums(store, file, 74)


def test_sums_of_few_members_are_said_before_they_are_given(store):
    """Under six the sentence is asked for in what households read; by fixed parts nobody's use is in them."""
    sent(store)
    file = operation(store, *ROOFS, *THREE)
    said = sums(store, file, code=78)
    assert "tell a good deal of 3 homes: under 6 that is said before a yes" in said
    assert SAID in said
    assert SAID in store.command("operation", "check", file)
    parts = [member(name, f"h{n}@x", 'part = "30 %"') for n, name in enumerate("abc", 1)]
    fixed = operation(store, *ROOFS, *parts, key="static")
    assert SAID not in store.command("operation", "check", fixed)
    assert "3 files of members" in sums(store, fixed)
    say(store, operation_sums.REVEALED["en"])
    assert SAID not in store.command("operation", "check", operation(store, *ROOFS, *THREE))


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_order_of_groups_is_said_before_however_many_there_are(store, lang):
    """From its own part a member learns how far those before it were served: here one home, before six others."""
    sent(store)
    others = [member(name, "") for name in "defg"]
    order = 'order = [["c"], ["a", "b", "d", "e", "f", "g"]]\n'
    file = operation(store, order, *ROOFS, *THREE, *others, key="simple")
    said = sums(store, file, code=78)
    assert "tell a good deal of 1 home: under 6 that is said before a yes" in said
    assert IN_ORDER in said
    assert IN_ORDER in store.command("operation", "check", file)
    together = operation(store, order.replace("], [", ", "), *ROOFS, *THREE, *others, key="simple")
    assert IN_ORDER not in store.command("operation", "check", together)
    say(store, operation_sums.REVEALED_IN_ORDER[lang])
    file = operation(store, order, *ROOFS, *THREE, *others, key="simple")
    assert IN_ORDER not in store.command("operation", "check", file)
    assert "7 files of members" in sums(store, file)


def test_a_day_is_not_signed_of_some_homes_and_then_of_one_more(store):
    """What all drew with it, less what they drew without it, is its curve; another label is no other home."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    sums(store, file)
    chain = (store.folder / "sums" / "toit.sums.jsonl").read_bytes()
    file.write_text(file.read_text().replace("Chez a", "Famille a"))
    assert "0 days signed anew" in sums(store, file)
    operation(store, *ROOFS, *THREE, member("d", None))
    assert "are signed of other members" in sums(store, file, code=78)
    assert (store.folder / "sums" / "toit.sums.jsonl").read_bytes() == chain


def test_of_two_members_no_share_by_step_is_given(store):
    """What was injected alone: a share would be the neighbour's curve."""
    sent(store)
    sums(store, operation(store, *ROOFS, *THREE[:2]))
    lines = (store.folder / "sums" / f"toit-{MONTH:%Y-%m}-a.jsonl").read_bytes().splitlines()
    assert len(lines) == 1 + len(days_of(MONTH))
    assert all(json.loads(line)["day"]["wanted"] is None for line in lines[1:])
