"""What we recover from is said in the log: aloud once, then quietly, and aloud again after it was over."""

import logging

from gateway.errors import Once

log = logging.getLogger(__name__)


def said(caplog):
    """The level and the message of all that was said, and by whom."""
    assert {record.filename for record in caplog.records} == {"test_errors.py"}
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_each_thing_is_said_aloud_once(caplog):
    """Known by its key, whatever its words; after the end the next time is a first one."""
    caplog.set_level(logging.DEBUG)
    once = Once(log)
    assert not once
    for key, number in (("a", 1), ("b", 2), ("a", 3)):
        once(key, "%s: %d", key, number)
    assert once
    once.clear()
    assert not once
    once("a", "again")
    assert said(caplog) == [("WARNING", "a: 1"), ("WARNING", "b: 2"), ("DEBUG", "a: 3"), ("WARNING", "again")]


def test_what_changes_is_said_aloud_again(caplog):
    """Where only the last thing counts, one that comes back after another is news; at the level that was asked for."""
    caplog.set_level(logging.DEBUG)
    once = Once(log, logging.ERROR, last=True)
    for key in "aabba":
        once(key, key)
    assert [level for level, _ in said(caplog)] == ["ERROR", "DEBUG", "ERROR", "DEBUG", "ERROR"]


def test_what_is_remembered_is_bounded(caplog):
    """Whoever thinks of another key each time costs no memory; what is said then is said aloud again."""
    caplog.set_level(logging.ERROR)
    once = Once(log)
    for number in range(3 * Once.MOST):
        once(number, "%d", number)
    assert len(once._said) <= Once.MOST
