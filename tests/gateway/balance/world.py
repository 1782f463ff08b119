"""A meter with a truth of its own, and the gateway that hears it: frames, judge, recorder, store.

The truth is kept in joules by half hour and class while the registers count, and knows nothing of what is said of them:
what a meter swap, a switch of mode or a slip of an index does to the registers never reaches it.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.daemon.clock import HostClock
from gateway.daemon.meter import MeterReader
from gateway.store.points import Confirm, Granularity
from gateway.store.store import Store
from gateway.tic.clock import Belief
from gateway.tic.frame import ENDED_ETX, HISTORIC, STANDARD, Frame, Group
from gateway.tic.quality import SignalQuality
from tests.prepared import prepare

PARIS = ZoneInfo("Europe/Paris")
STEP_S = 1800
COOP = "coop@e.org"
CONFIG = '[[meter]]\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "."\n'
ROLL = 10**9

# Contract: what historic mode calls it, its indexes there, its calendar in standard mode; class -> number, PTEC, LTARF.
CONTRACTS = {
    "base": ("BASE", ("BASE",), "BASE", {"base": (1, "TH..", "BASE")}),
    "hc": (
        "HC..",
        ("HCHC", "HCHP"),
        "H PLEINE/CREUSE",
        {"hc": (1, "HC..", "HEURE CREUSE"), "hp": (2, "HP..", "HEURE PLEINE")},
    ),
    "ejp": (
        "EJP.",
        ("EJPHN", "EJPHPM"),
        "EJP",
        {"hn": (1, "HN..", "HEURE NORMALE"), "pm": (2, "PM..", "POINTE MOBILE")},
    ),
    "tempo": (
        "BBR(",
        ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
        "TEMPO",
        {
            "hcjb": (1, "HCJB", "HC  BLEU"),
            "hpjb": (2, "HPJB", "HP  BLEU"),
            "hcjw": (3, "HCJW", "HC  BLANC"),
            "hpjw": (4, "HPJW", "HP  BLANC"),
            "hcjr": (5, "HCJR", "HC  ROUGE"),
            "hpjr": (6, "HPJR", "HP  ROUGE"),
        },
    ),
}


def word_at(contract, time):
    """The class of a moment, by the calendar: nights from 22 to 6, some days white or red, some with a peak."""
    local = datetime.fromtimestamp(time, PARIS)
    if contract == "base":
        return "base"
    night = not 6 <= local.hour < 22
    if contract == "hc":
        return "hc" if night else "hp"
    # The night belongs to the day before.
    number = datetime.fromtimestamp(time - 6 * 3600, PARIS).toordinal()
    if contract == "ejp":
        return "pm" if number % 9 == 0 and not night else "hn"
    return ("hc" if night else "hp") + ("jr" if number % 7 == 0 else "jw" if number % 5 == 0 else "jb")


class Meter:
    """A Linky and the house behind it.

    ``power`` and ``sun`` give watts by half hour. Registers are joules, 1 to 10; each index is cut to whole Wh.
    """

    def __init__(self, time, power, *, mode=HISTORIC, contract="hc", sun=None, address="021961000001"):
        self.time, self.power, self.sun = time, power, sun
        self.mode, self.contract, self.address = mode, contract, address
        # Name of a contract -> what ``CONTRACTS`` says of it; and how long a class lasts at least.
        self.contracts, self.step_s = CONTRACTS, STEP_S
        self.registers = dict.fromkeys(range(1, 11), 0)
        self.injected = 0
        # Standard mode's clock, ahead of the host's by so many seconds.
        self.ahead_s = 0
        # (half hour, class) -> joules, and what was injected by half hour.
        self.drawn, self.sold = Counter(), Counter()
        # Half hours in which a register began again at zero.
        self.rolled = []
        # Goes up whenever its registers or its clock are changed from outside.
        self.changes = 0

    def word(self, time):
        """The class of a moment."""
        return word_at(self.contract, time)

    def put(self, **whs):
        """Let registers (``r1=``) stand at so many Wh."""
        for name, wh in whs.items():
            self.registers[int(name[1:])] = wh * 3600

    def advance(self, until):
        """Live until then."""
        while self.time < until:
            slot = self.time - self.time % STEP_S
            end = min(until, self.time - self.time % self.step_s + self.step_s)
            need = self.power(slot) - (self.sun(slot) if self.sun else 0)
            joules = (end - self.time) * need
            if joules >= 0:
                word = self.word(self.time - self.time % self.step_s)
                number = self.contracts[self.contract][3][word][0]
                before, self.registers[number] = self.registers[number], self.registers[number] + joules
                if before // (ROLL * 3600) < self.registers[number] // (ROLL * 3600):
                    self.rolled.append(slot)
                self.drawn[slot, word] += joules
            else:
                self.injected -= joules
                self.sold[slot] -= joules
            self.time = end

    def face(self):
        """(changes, index of the total, class -> index) as it says them now; None where its clock is another one."""
        if self.mode == STANDARD and self.ahead_s:
            return None
        words = {word: number for word, (number, _, _) in self.contracts[self.contract][3].items()}
        index = {n: joules // 3600 % ROLL for n, joules in self.registers.items()}
        total = sum(index[n] for n in (words.values() if self.mode == HISTORIC else index))
        return self.changes, total, {word: index[number] for word, number in words.items()}

    def frame(self):
        """What it says now."""
        # What is said of this second began in it.
        option, labels, calendar, words = self.contracts[self.contract]
        number, period, text = words[self.word(self.time - self.time % self.step_s)]
        index = {n: joules // 3600 % ROLL for n, joules in self.registers.items()}
        va = f"{abs(self.power(self.time - self.time % STEP_S)):05}"
        if self.mode == HISTORIC:
            said = [("ADCO", self.address), ("OPTARIF", option), ("ISOUSC", "60")]
            said += [(label, f"{index[n]:09}") for n, label in enumerate(labels, 1)]
            said += [("PTEC", period), ("PAPP", va)]
            return Frame(HISTORIC, tuple(Group(*one, None) for one in said), True, 0, ENDED_ETX)
        local = datetime.fromtimestamp(self.time + self.ahead_s, PARIS)
        date = ("E" if local.dst() else "H") + local.strftime("%y%m%d%H%M%S")
        groups = [Group("ADSC", self.address, None), Group("DATE", "", date), Group("NGTF", f"{calendar:^16}", None)]
        groups += [Group("LTARF", f"{text:^16}", None), Group("EAST", f"{sum(index.values()) % ROLL:09}", None)]
        groups += [Group(f"EASF{n:02}", f"{index[n]:09}", None) for n in range(1, 11)]
        if self.sun:
            groups.append(Group("EAIT", f"{self.injected // 3600 % ROLL:09}", None))
        groups += [Group("PREF", "12", None), Group("SINSTS", va, None), Group("NTARF", f"{number:02}", None)]
        return Frame(STANDARD, tuple(groups), True, 0, ENDED_ETX)


class Wire:
    """A line that counts what it brought."""

    finite, receipt, age_s = False, None, 0.0

    def __init__(self):
        self.quality = SignalQuality(0.0)


class Gateway:
    """A gateway in a folder, with a recipient who may have everything and never comes for it."""

    def __init__(self, folder, config=CONFIG):
        self.folder = folder
        # Moment of a frame -> what the meter's face said in it.
        self.faces = {}
        (folder / "gateway.toml").write_text(config)
        prepare(folder)
        self.store = Store(folder)
        self.store.meters.add("house", "ab12cd34ef")
        for prefix in ("consumption", "production"):
            self.store.consents.grant(COOP, "house", prefix, Granularity.RAW, 2**40, 0)
            self.store.subscriptions.add(COOP, "house", prefix, "sen1", Confirm.RECEIPT, 0)
        self.restart()

    def restart(self):
        """The daemon starts, and remembers what is stored."""
        known = self.store.meters.add("house")
        self.reader = MeterReader(
            known, self.store.readings.last_values("house"), Wire(), HostClock(trusted=True), Belief.AUTO, 0, {}
        )

    def hear(self, meter, times, *, commit=True):
        """Take in a frame at each of these moments, and ``commit``."""
        asyncio.run(self._hear(meter, times))
        if commit:
            self.store.batches.write([self.reader.recorder.take()], meter.time)

    async def _hear(self, meter, times):
        for time in times:
            meter.advance(time)
            self.faces[time] = meter.face()
            await self.reader.accept(meter.frame(), datetime.fromtimestamp(time, UTC), None)

    def close(self):
        """Let others have the database."""
        self.store.close()

    def events(self):
        """What happened, as words."""
        return [event.kind for event in self.store.readings.events()]

    def promised(self, path, granularity):
        """What the recipient was promised: time -> value."""
        rows = self.store.db.execute(
            "SELECT outbox.time, value FROM outbox JOIN series ON series.id = series"
            " WHERE path = ? AND granularity = ? ORDER BY outbox.time",
            [path, int(granularity)],
        )
        return dict(rows.fetchall())

    def stored(self, path, granularity):
        """What is stored: time -> value."""
        found = self.store.readings.page("house", path, granularity, 0, 2**40, 10**6)
        return {point.time: point.value for point in found if point.series.path == path}


def every(first, last, step=2):
    """Moments from one to another, both included."""
    return range(first, last + 1, step)


def around(*halves):
    """Moments at which an index at these half hours is known: it must be said twice after a silence, and then go on.

    Also by a clock that is 4 s ahead; by one that is right, at the half hour itself.
    """
    return sorted({half - back for half in halves for back in (8, 6, 4, 0)})
