"""An end of the demo from outside, at the worst moment."""

import signal

import pytest

from demo.endings import Endings


@pytest.fixture
def endings():
    """That listen, and what was there before them afterwards."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    listening = Endings()
    listening.listen()
    yield listening
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_while_a_program_starts_waits_until_the_program_is_known(endings, number):
    """What stands between its start and its entry is done; then comes the end, and no other after it."""
    known = []

    def start():
        with endings.held():
            signal.raise_signal(number)
            signal.raise_signal(number)
            known.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert known == ["started"]
    signal.raise_signal(number)


def test_an_end_comes_at_once_otherwise_and_once(endings):
    """Nothing is held back when nothing is being started."""
    with endings.held():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
