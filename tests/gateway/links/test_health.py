"""What an installer may know of the links: states and causes, and nothing that names or measures."""

from dataclasses import astuple

import pytest

from gateway import __version__
from gateway.doctor.causes import Cause
from gateway.links.health import condition_of
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.live.state import kind_and_name
from gateway.words.phrase import same

SECRET = "30001610071843"
DISK = (25_000, 100_000)


def house(name="house", **changed):
    """The links of a meter that is well; of one of them another state, age and sentence."""
    plain = {"meter": (OK, 2.4, f"PRM {SECRET}"), "port": (OK, 500.0, "open"), "decode": (OK, 2.4, "standard mode")}
    plain |= {"clock": (OK, None, "the meter's")} | changed
    return [
        Link(LinkKind(kind), name, state, age, same(said), *figures)
        for kind, (state, age, said, *figures) in plain.items()
    ]


def rows(condition):
    """Kind, number, state, age and cause of each link."""
    return [astuple(one) for one in condition.links]


def test_a_house_that_is_well():
    """Kinds in their order, the age of the last frame, the free disk, the version; of nothing else an age."""
    told = condition_of(
        [
            Link(LinkKind.XMPP, "", OK, 9.0, same("connected")),
            *house(),
            Link(LinkKind.DISK, "", OK, 70.0, same("25 kB free")),
        ],
        DISK,
    )
    assert (told.state, told.version, told.frame_age_s, told.disk_free) == (OK, __version__, 2, 25)
    assert rows(told) == [
        ("meter", 1, OK, 2, ""),
        ("port", 1, OK, None, ""),
        ("decode", 1, OK, None, ""),
        ("clock", 1, OK, None, ""),
        ("disk", None, OK, None, ""),
        ("xmpp", None, OK, None, ""),
    ]


def test_what_names_somebody_or_something_is_not_told():
    """No recipient, no provider, no watcher, no tee; no name of a meter, no sentence, no figure."""
    told = condition_of(
        [
            *house("chez-anne"),
            Link(LinkKind.RECIPIENT, f"{SECRET}@sen2.test", BROKEN, 5.0, same(SECRET)),
            Link(LinkKind.PROVIDER, "voisin", BROKEN, 5.0, same(SECRET)),
            Link(LinkKind.WATCHER, "coop@sen2.test", OK, None, same(SECRET)),
            Link(LinkKind.TEE, "chez-anne", OK, 5.0, same("open at 192.168.1.7:7000, 2 clients")),
            Link(LinkKind.OVERLOAD, "chez-anne", BROKEN, 5.0, same("6 kVA")),
            Link(LinkKind.MQTT, "", WAITING, 5.0, same("connected to 192.168.1.8"), {"drift_s": 7411.0}),
        ],
        None,
    )
    text = repr(told)
    for word in (SECRET, "anne", "coop", "voisin", "192.168", "kVA", "7411", "recipient", "tee", "overload"):
        assert word not in text
    assert (told.state, told.disk_free) == (OK, None)


@pytest.mark.parametrize(
    ("changed", "state", "cause"),
    [
        ({"port": (BROKEN, 60.0, "/dev/ttyTIC: no such port")}, BROKEN, Cause.NO_SUCH_PORT),
        ({"port": (BROKEN, 60.0, "/dev/ttyTIC: lost")}, BROKEN, Cause.PORT_LOST),
        ({"port": (WAITING, 45.0, "the board has not been heard"), "meter": (WAITING, None, "no frame yet")},
         BROKEN, Cause.BOARD_AWAY),
        ({"meter": (BROKEN, 3600.0, "mute")}, BROKEN, Cause.MUTE),
        ({"meter": (WAITING, None, "no frame yet"), "port": (OK, 90.0, "open")}, BROKEN, Cause.MUTE),
        ({"meter": (WAITING, None, "no frame yet"), "port": (OK, 9.0, "open")}, WAITING, Cause.NOT_YET),
        ({"clock": (WAITING, None, "the host's clock is not set")}, BROKEN, Cause.HOST_CLOCK),
        ({"decode": (OK, 1.0, "signal", {"signal_hour": 80.0})}, OK, Cause.WEAK_SIGNAL),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_meter_is_told_by_its_cause(changed, state, cause):
    """As the doctor finds it in the same links; a weak signal is told of a gateway that is well."""
    told = condition_of(house(**changed), DISK)
    assert (told.state, told.links[0].cause) == (state, cause.value)


def test_meters_are_numbered_and_the_last_frame_is_of_the_one_heard_last():
    """The second is mute, the first is heard."""
    told = condition_of([*house("east"), *house("west", meter=(BROKEN, 900.0, "mute"))], DISK)
    meters = [one for one in told.links if one.link == "meter"]
    assert [(one.number, one.state, one.age_s) for one in meters] == [(1, OK, 2), (2, BROKEN, 900)]
    assert (told.state, told.frame_age_s) == (BROKEN, 2)


@pytest.mark.parametrize(
    ("state", "told"), [(OK, ("counter", 1, OK, None, "")), (WAITING, ("counter", 1, OK, None, ""))]
)
def test_when_water_last_ran_is_not_told(state, told):
    """A counter with a pulse a minute ago and one without any look the same."""
    found = condition_of(
        [*house(), Link(LinkKind.COUNTER, "water", state, 61.0, same("7 pulses since the start"))], DISK
    )
    assert rows(found)[4] == told
    assert found.state == OK


@pytest.mark.parametrize("kind", ["store", "disk", "keeping", "backup", "page", "mqtt", "counter water"])
def test_whatever_else_is_broken_is_told_with_its_age(kind):
    """Of a counter without one; what only waits is no fault."""
    what, name = kind_and_name(kind)
    told = condition_of([*house(), Link(LinkKind(what), name, BROKEN, 120.7, same("why"))], DISK)
    assert told.state == BROKEN
    assert told.links[4].age_s == (None if kind == "counter water" else 120)
    assert condition_of([*house(), Link(LinkKind(what), name, WAITING, 120.7, same("why"))], DISK).state == OK


def test_which_part_of_the_program_fails_is_told_to_the_household_alone():
    """An installer learns that one does; not which, nor how many, and nothing of one that is only started again."""
    states = (("page", WAITING), ("feed", BROKEN), ("relays", BROKEN))
    cells = [Link(LinkKind.CELL, name, state, 61.5, same("why")) for name, state in states]
    told = condition_of([*house(), *cells], DISK)
    assert [row for row in rows(told) if row[0] == "cell"] == [("cell", None, BROKEN, 61, "")]
    assert told.state == BROKEN
    assert condition_of([*house(), cells[0]], DISK).state == OK
