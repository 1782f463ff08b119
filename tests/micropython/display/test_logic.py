"""What a display makes of what it hears: how old it is, which lamps, which press; under MicroPython, where it runs."""

import json

import pytest

from tests.micropython.display.boards import logic

FRESH = [None, 0]


def test_what_is_fresh_becomes_old_after_ten_seconds_of_the_boards_own_counting():
    """No clock and no message is needed for that; the next frame makes it fresh again."""
    steps = "(0, STATUS, ON), (0, COMPACT, DATA), (9900, None, True), (100, None, True), (50000, None, True)"
    seen = logic(f"faults({steps}, (0, COMPACT, DATA))")
    assert seen[1:] == [FRESH, [None, 9], ["Rien de neuf", 10], ["Rien de neuf", 60], FRESH]


def test_a_display_that_has_just_been_switched_on_waits():
    """Before the first frame it says so, and not that something is broken."""
    assert logic("faults((0, None, True), (60000, None, True))") == [["En attente", None], ["En attente", None]]


def test_the_gateways_word_counts_before_ten_seconds_are_over():
    """A stale flag, and the last will, are shown at once."""
    assert logic("faults((0, COMPACT, DATA), (10, COMPACT, STALE))")[1] == ["Compteur muet", 0]
    assert logic("faults((0, COMPACT, DATA), (10, STATUS, OFF))")[1] == ["Sans passerelle", 0]
    repeated = "(0, COMPACT, STALE), (11000, None, True), (0, COMPACT, STALE), (19000, None, True), (2000, None, True)"
    assert [fault for fault, _ in logic(f"faults({repeated})")] == ["Compteur muet"] * 4 + ["Rien de neuf"]
    assert logic("faults((0, STATUS, OFF), (10, STATUS, ON), (0, COMPACT, DATA))")[2] == FRESH


def test_a_short_loss_of_the_link_is_not_shown():
    """A router that starts anew within ten seconds hides nothing; a longer one is said to be the link's."""
    seen = logic("faults((0, COMPACT, DATA), (9000, None, False), (2000, None, False), (0, COMPACT, DATA))")
    assert seen[1:3] == [[None, 9], ["Pas de liaison", 11]]
    assert logic("faults((0, None, False),)") == [["Pas de liaison", None]]


def test_another_version_of_the_contract_is_said():
    """A board that was not updated shows no wrong number."""
    assert logic("faults((0, COMPACT, b'\\x02' + DATA[1:]),)") == [["Autre version", None]]
    assert logic("faults((0, COMPACT, DATA), (0, COMPACT, b'no'))")[1][0] == "Autre version"


def test_the_counter_of_milliseconds_may_begin_anew():
    """Every twelve days it does, and a value ages through it."""
    seen = logic("faults((0, COMPACT, DATA), (9000, None, True), (2000, None, True), now=LAST - 5000)")
    assert seen[1:] == [[None, 9], ["Rien de neuf", 11]]


def test_topics_of_others_change_nothing():
    """Another meter's frame is not this one's."""
    assert logic("faults((0, 'linky/meter/barn/compact', DATA), (0, 'linky/x', b''))") == [["En attente", None]] * 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (["b'07:30'", "b'-240'", "b'15'"], ["07:30", "07:30", -240, 15, 15]),
        (["b''", "b''", "b''"], ["", "", None, None, None]),
        (["b'\\xff\\xff:\\xff\\xff'", "b'\\xff'", "b'9' * 30000"], ["", "", None, None, None]),
        (["b'ab:cd'", "b'1.5'", "b'12345678'"], ["", "", None, None, None]),
        (["b'2026-11-29T07:30'", "b'none'", "b'x'"], ["", "", None, None, None]),
    ],
)
def test_what_is_no_time_and_no_number_is_not_shown(said, shown):
    """Whatever stands on these topics, the board goes on."""
    assert logic(f"values({', '.join(said)})") == shown


GREEN, AMBER, RED, BLUE, OFF, FAINT = [0, 200, 0], [220, 110, 0], [255, 0, 0], [0, 40, 255], [0, 0, 0], [12, 12, 12]


@pytest.mark.parametrize(
    ("fields", "lamps"),
    [
        ("drawn_va=600, subscribed_va=6000", [BLUE] + [OFF] * 7),
        ("drawn_va=0, subscribed_va=6000", [OFF] * 8),
        ("drawn_va=4800, subscribed_va=6000", [BLUE] * 5 + [AMBER] * 2 + [OFF]),
        ("drawn_va=9000, subscribed_va=6000", [BLUE] * 5 + [AMBER] * 2 + [RED]),
        ("drawn_va=9000, subscribed_va=6000, flags=compact.OVERLOAD", [RED] * 8),
        ("drawn_va=9000, flags=compact.OVERLOAD, beat=False", [OFF] * 8),
        ("flags=compact.INJECTING", [GREEN] + [OFF] * 7),
        ("drawn_va=100, subscribed_va=6000, fault='Compteur muet'", [FAINT] + [OFF] * 7),
        ("drawn_va=100", [OFF] * 8),
    ],
)
def test_the_bar_of_lamps(fields, lamps):
    """As many as the power is of the subscribed one; all red and blinking in an overload; faint when it is old."""
    assert logic(f"lamps.bar(view({fields}), 8)") == lamps


@pytest.mark.parametrize(
    ("fields", "lamp"),
    [
        ("drawn_va=600, subscribed_va=6000", BLUE),
        ("drawn_va=4800, subscribed_va=6000", AMBER),
        ("drawn_va=5900, subscribed_va=6000", RED),
        ("today=1, drawn_va=5900, subscribed_va=6000", BLUE),
        ("today=3", RED),
        ("today=3, flags=compact.INJECTING", GREEN),
        ("today=1, flags=compact.OVERLOAD", RED),
        ("today=1, flags=compact.OVERLOAD, beat=False", OFF),
        ("today=1, fault='x'", FAINT),
        ("drawn_va=5", OFF),
    ],
)
def test_the_single_lamp(fields, lamp):
    """Overload before injection before the colour of Tempo before the power."""
    assert logic(f"lamps.single(view({fields}))") == lamp


@pytest.mark.parametrize(
    ("fields", "lamp"),
    [
        ("tariff=2, drawn_va=5900, subscribed_va=6000", [255] * 3),
        ("tariff=2, today=3, flags=compact.INJECTING", [255] * 3),
        ("tariff=3", OFF),
        ("tariff=0", FAINT),
        ("tariff=0, beat=False", OFF),
        ("tariff=2, fault='x'", FAINT),
        ("tariff=2, fault='x', beat=False", OFF),
    ],
)
def test_the_lamp_of_off_peak_hours(fields, lamp):
    """Lit while they last, whatever else there is; faint and blinking when nobody knows."""
    assert logic(f"lamps.off_peak(view({fields}))") == lamp


def test_a_lamp_is_dimmed():
    """A LED at full brightness is no lamp for a bedroom."""
    assert logic("lamps.dimmed((255, 110, 0), 30)") == [76, 33, 0]


def test_a_button_that_bounces_is_one_press():
    """Thirty milliseconds of rest make a press; letting go makes none."""
    levels = [0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert logic(f"presses(*{json.dumps(levels)})") == [60, 180]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (40, "0,0"),
        (85, "0,1"),
        (9120, "9,1"),
        (9000, "9"),
        (99_949, "99,9"),
        (99_950, "100"),
        (512_300, "512"),
    ],
)
def test_thousands_are_written_in_french(number, text):
    """A comma, a tenth, none from a hundred on."""
    assert logic(f"pages.kilo({number})") == text


def test_an_age_is_told_in_the_unit_that_says_it_best():
    """Seconds, minutes, hours."""
    assert logic("[pages.age(s) for s in (0, 119, 120, 7199, 7200, 10**6)]") == [
        "0 s", "119 s", "2 min", "119 min", "2 h", "277 h",
    ]  # fmt: skip


def test_an_oled_is_as_bright_as_it_is_told():
    """In per cent of what its chip can, on both chips."""
    both = "[contrast(oled.Ssd1306, panels.Ssd1306(), 40), contrast(oled.Sh1106, panels.Sh1106(), 100)]"
    assert logic(both) == [102, 255]


def test_any_frame_can_be_drawn_on_any_panel():
    """No value of the contract makes a page fail: hundreds by chance, every page, at two sizes."""
    draw = (
        "[pages.draw(canvas, state_of(data), number) for canvas in (Canvas(128, 64, False), Canvas(135, 240, True))"
        " for data in random_frames(150) for number in range(5)]"
    )
    assert set(logic(draw)) == {None}
