"""Who may set the board up: the code of its label, with ever longer pauses after wrong ones.

Wrong codes of all callers count together: in a Wi-Fi anybody has as many addresses as they like.
"""

from signature import is_same

_FREE_TRIES = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 30, 3600


class Guard:
    """Counts the wrong codes; ``clock_s`` gives seconds that only rise."""

    def __init__(self, code, clock_s):
        self._code, self._clock_s = code, clock_s
        self._wrong = 0
        self._closed_until = 0

    def pause_s(self):
        """How long no code is looked at, in seconds; 0 when one may be tried."""
        return max(0, self._closed_until - self._clock_s())

    def lets_in(self, tried):
        """Whether this is the code. During a pause the answer is no whatever is tried."""
        if self.pause_s():
            return False
        if is_same("".join(tried.split()).replace("-", "").encode(), self._code.encode()):
            self._wrong = 0
            return True
        self._wrong += 1
        if self._wrong >= _FREE_TRIES:
            doublings = min(self._wrong - _FREE_TRIES, 7)
            self._closed_until = self._clock_s() + min(_FIRST_PAUSE_S << doublings, _LONGEST_PAUSE_S)
        return False
