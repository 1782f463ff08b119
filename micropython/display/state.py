"""What a display knows of its meter: topics in, a ``View`` for pages and lamps out.

No clock is needed: a value is as old as the gateway says that it was, plus what has passed since it came here, counted
in milliseconds of the board (``gateway/live/README.md``, "How old is it?").
"""

import time

import compact

# After so long without news what is shown is of the past.
OLD_AFTER_MS = 10_000

# Why nothing is new, for a person.
LINK, GATEWAY, METER, SILENCE = "Pas de liaison", "Sans passerelle", "Compteur muet", "Rien de neuf"
WAITING, VERSION = "En attente", "Autre version"
# Why there is no link, where more is known of it: TLS does not believe the broker, by the clock or otherwise.
CLOCK, CERTIFICATE = "Horloge fausse", "Certificat faux"


def percent(part, whole):
    """The part of the whole in per cent; a half goes up, in whole numbers, as on every face of the gateway."""
    return (200 * part + whole) // (2 * whole)


def _whole(payload):
    """The whole number that a topic says, of as many digits as any house has watts or cents; None for anything else."""
    try:
        return int(payload) if len(payload) < 8 else None
    except ValueError:
        return None


def _clock(payload):
    """The time of day that a topic says, ``07:30``; "" for anything else, such as the date of another contract."""
    right = len(payload) == 5 and payload[2:3] == b":" and (payload[:2] + payload[3:]).isdigit()
    return str(payload, "utf-8") if right else ""


class View:
    """What is shown at one moment.

    ``frame`` is the last one, None before the first; ``fault`` why it is old, None while it is not; ``age_s`` how old
    it is, None when nobody knows; ``load`` the power drawn as a part of the subscribed one, ``percent`` the same as a
    whole number, None where unknown;
    ``beat`` is False and True in turn, for what blinks; ``until`` when the tariff that counts ends, on the clock of the
    house, "" where nobody knows, ``off_peak`` when the next off-peak hours begin, likewise; ``watts`` the active power,
    injected where it is below 0, and ``within`` how far it may be off, ``cents`` what the day has cost so far, None
    where unknown.
    """

    def __init__(self, frame, fault, age_s, beat=False, ahead=("", ""), numbers=(None, None, None)):
        self.frame, self.fault, self.age_s, self.beat = frame, fault, age_s, beat
        self.until, self.off_peak = ahead
        self.watts, self.within, self.cents = numbers
        self.load = self.percent = None
        if frame and frame.drawn_va is not None and frame.subscribed_va:
            self.load = frame.drawn_va / frame.subscribed_va
            self.percent = percent(frame.drawn_va, frame.subscribed_va)

    def has(self, flag):
        """Whether the frame has this flag of ``compact``."""
        return bool(self.frame and self.frame.flags & flag)

    @property
    def overload(self):
        """Whether more is drawn than subscribed, now."""
        return self.fault is None and self.has(compact.OVERLOAD)


class State:
    """The latest of one meter.

    Args:
        meter: its name in the gateway's configuration.
        now: ``time.ticks_ms()``.

    Attributes:
        time_s: what time it was, in POSIX seconds, when the last frame was sent; None before there was one.
    """

    def __init__(self, meter, now):
        self._status = "linky/status"
        self._compact = "linky/meter/%s/compact" % meter
        base = "linky/meter/%s/" % meter
        # What is in no byte of those: times of day, and numbers, empty where they are not known.
        self._ahead = base + "until", base + "off-peak"
        power = base + "value/power/active/estimate"
        self._numbers = power, power + "/half-width", base + "cost-today"
        self._said = {}
        own = self._status, self._compact
        self.topics = own + self._ahead + self._numbers
        self._frame, self._online, self._foreign = None, True, False
        self._age_ms, self._since_ms, self._last = 0, 0, now
        self.time_s = None

    def take(self, topic, payload, now):
        """A message has come."""
        self._pass(now)
        if topic == self._status:
            self._online = payload == b"online"
        elif topic in self._ahead:
            self._said[topic] = _clock(payload)
        elif topic in self._numbers:
            self._said[topic] = _whole(payload)
        elif topic == self._compact:
            try:
                self._frame, self._foreign = compact.decode(payload), False
            except compact.CompactError:
                # The gateway has been updated and this board has not, or the other way round.
                self._foreign = True
                return
            self._since_ms = 0
            self._age_ms = (self._frame.age_s or 0) * 1000
            if self._frame.time is not None and self._frame.age_s is not None:
                self.time_s = self._frame.time + self._frame.age_s

    def view(self, now, linked, beat=False, why=LINK):
        """What is to be shown; ``linked``: whether the broker is there, ``why``: what to say when it is not."""
        self._pass(now)
        if self._frame is None:
            return View(None, self._fault(linked, why) or WAITING, None, beat)
        age_s = None if self._frame.age_s is None else self._age_ms // 1000
        ahead = [self._said.get(topic, "") for topic in self._ahead]
        numbers = [self._said.get(topic) for topic in self._numbers]
        return View(self._frame, self._fault(linked, why), age_s, beat, ahead, numbers)

    def _fault(self, linked, why):
        said = bool(self._frame and self._frame.flags & compact.STALE)
        stale = said or self._age_ms >= OLD_AFTER_MS
        if not linked and (stale or self._since_ms >= OLD_AFTER_MS or self._frame is None):
            return why
        if not self._online:
            return GATEWAY
        if self._foreign:
            return VERSION
        if stale and self._frame:
            # Of a silent meter the gateway says so, every ten seconds.
            return METER if said and self._since_ms < 2 * OLD_AFTER_MS else SILENCE
        return None

    def _pass(self, now):
        # Added up step by step: the counter of milliseconds begins anew every twelve days.
        passed = time.ticks_diff(now, self._last)
        self._last = now
        self._age_ms += passed
        self._since_ms += passed
