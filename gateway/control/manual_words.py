"""What is wrong with a reading by hand, and what was stored of one, in French and in English."""

from __future__ import annotations

from gateway.words.phrase import Phrase

COUNTED_ON = Phrase("meter {meter}: has counted on since {time}; read its face again, and leave --at away")
NO_SERIES = Phrase("series {series!r}: a reading by hand is of one of {known}")
NO_VALUE = Phrase("value: {why}")
CHOOSE = Phrase("{series}: choose with --meter one of {names}")
HAS_A_LINE = Phrase("meter {meter}: its line is read; name another meter with --meter, it is made when new")
COUNTS_OTHER = Phrase("meter {meter}: counts {counted}, not {word}")
NO_NAME = Phrase("meter {meter!r}: a name is made of a-z, 0-9 and '-', 32 characters at most")
NO_TIME = Phrase("that time is to come, or long gone; check --at and the clock of this machine")
TWICE = Phrase("{time}: there is a reading of {series} of that second already; give another --at")
_CHECK = Phrase("; check value and --unit, or say --force if the meter was replaced")
BELOW = Phrase("{value} {unit} is below the {known} {unit} of {time}") + _CHECK
ABOVE = Phrase("{value} {unit} is above the {known} {unit} of {time}") + _CHECK
CLOCK_UNKNOWN = Phrase("the gateway does not know the time yet: say when with --at, or set its clock")
STORED = Phrase("{meter}: {series} is {value} {unit} at {time}")
COUNTS_ON = Phrase("; the pulses count on from there")
NONE_YET = Phrase("no reading was entered by hand")
