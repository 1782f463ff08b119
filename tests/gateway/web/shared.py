"""Houses that share: a store with readings, requests and consents, filled before the daemon of a page opens it."""

import time
from contextlib import closing

from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.store.terms import Channel, Manner, NoticeKind, Profile, Proof, RecipientRole, Terms
from tests.gateway.store.conftest import INDEX, POWER, frame
from tests.prepared import prepare

DAY_S = 86_400
COOP, TOWN = "coop@sen2.test", "ville@sen3.test"
TERMS = Terms(
    purpose="partager un toit",
    controller="La Coop",
    contact="dpo@coop.example",
    privacy="https://coop.example/privacy",
    retention="P6M",
)
# As long as names may be, with nowhere to break, and with what a page must not obey.
LONG = "Société-coopérative-d’intérêt-collectif-pour-l’autoconsommation-partagée-du-pays-de-Saint-Malo"
LONG_JID = f"{'autoconsommation-collective-du-pays-' * 3}malo@federation.exemple-de-nom-de-domaine-tres-long.test"
LONG_TERMS = Terms(
    purpose="<b>Étudier</b> la consommation " * 16,
    controller=f"{LONG} <script>alert(1)</script>",
    contact="délégué-à-la-protection-des-données@" + "exemple-" * 15 + "org",
    privacy="https://exemple.org/" + "notice/" * 20,
    role=RecipientRole.JOINT,
    code_url="https://exemple.org/" + "code/" * 20,
    code_version="2026-11",
    code_hash="ab" * 32,
    history_from=1_767_225_600,
    retention="P1Y6M",
)


class Shared:
    """The store of a house, open while the house is made; ``sensor`` is the id of its meter."""

    def __init__(self, directory, sensor="ab12"):
        directory.mkdir(parents=True, exist_ok=True)
        prepare(directory)
        self.store, self.now, self.sensor = Store(directory), int(time.time()), sensor
        # Nobody pulls the plug while it is made.
        self.store.db.execute("PRAGMA synchronous = OFF")
        self.store.meters.add("house", sensor)

    def readings(self, minutes=60, every_s=30):
        """A value of power and of an index now and then, up to this minute."""
        recorder, end = Recorder("house", {}), self.now // 300 * 300
        for at in range(end - minutes * 60, end, every_s):
            recorder.add(frame(at, power=500 + at // every_s % 50, index=at - 1_700_000_000))
        self.store.batches.write([recorder.take()], self.now)

    def ask(self, jid=COOP, prefix="consumption", granularity=Granularity.MINUTE, terms=TERMS, sensor=None, days=300):
        """Somebody asks for access; the number of the request."""
        until = self.now + days * DAY_S
        asked = self.store.access.ask(jid, sensor or self.sensor, prefix, granularity, terms, self.now, until=until)
        return asked.id

    def grant(self, jid=COOP, prefix="consumption/power", granularity=Granularity.HALF_HOUR, **more):
        """A consent, a month old and for a year more."""
        since, until = self.now - 30 * DAY_S, self.now + 365 * DAY_S
        return self.store.consents.grant(jid, "house", prefix, granularity, until, since, **{"terms": TERMS} | more)

    def handed(self, jid=COOP, days=3):
        """Each day the recipient got a few points."""
        (series, *_) = self.store.meters.series("house")
        points = self.store.readings.page("house", series.path, Granularity.RAW, 0, 2**40, 40)
        for day in range(days):
            self.store.transfers.note(jid, points, self.now - day * DAY_S)
        self.store.db.begin()
        self.store.transfers.add_confirmed(jid, [int(self.now)] * 30)
        self.store.db.commit()
        self.store.journal.flush()


def make(directory, *fill):
    """Make the store of a house; what each of ``fill`` gave back."""
    shared = Shared(directory)
    with closing(shared.store):
        return [one(shared) for one in fill]


def overfull(shared):
    """Forty consents in force, some that have ended, five requests, all with long names; a log and notices."""
    if not shared.store.meters.series("house"):
        shared.readings()
    proof = Proof("owner", Channel.WEB, "3", "fr", "ab" * 32)
    disguised = Manner(Profile.ANONYMOUS, pseudonym=True)
    paths = ("consumption/power", "consumption/energy/active/index", "contract", "consumption/voltage")
    for number in range(10):
        jid = LONG_JID if number == 0 else f"destinataire-{number}@sen{number}.test"
        for path in paths:
            terms = LONG_TERMS if number == 0 else Terms(purpose=f"étude n° {number}", controller=f"Étude {number}")
            manner = disguised if number == 1 else Manner()
            shared.grant(jid, path, terms=terms, proof=proof, manner=manner)
        shared.handed(jid)
    shared.store.consents.limit("destinataire-2@sen2.test", shared.now)
    for number in range(3):
        shared.grant(f"ancien-{number}@sen9.test", terms=LONG_TERMS)
        shared.store.consents.revoke(f"ancien-{number}@sen9.test", "", shared.now)
    for number in range(5):
        shared.ask(f"demandeur-{number}@{'sous-domaine.' * 6}test", terms=LONG_TERMS if number else TERMS)
    for kind in NoticeKind:
        told = shared.store.notices.queue(LONG_JID, kind, {"series": "consumption/power"}, shared.now)
        shared.store.notices.sent(told, shared.now)
    shared.store.notices.confirmed(told, LONG_JID, shared.now)


def with_bad_points(shared):
    """Half hours of a day, of which one power is a hundred times too high and one index lies below the one before."""
    shared.readings(24 * 60, 300)
    bad = {}
    for path, change in ((POWER, "value * 100"), (INDEX, "value - 5000")):
        (series,) = [one for one in shared.store.meters.series("house") if one.path == path]
        points = shared.store.readings.page("house", path, Granularity.HALF_HOUR, 0, 2**40, 100)
        bad[path] = points[len(points) // 2]
        shared.store.db.execute(
            f"UPDATE coarse SET value = {change} WHERE step = 1800 AND series = ? AND time = ?",
            [series.id, bad[path].time],
        )
    shared.grant(prefix="consumption/power")
    shared.store.transfers.note(COOP, [bad[POWER]], shared.now)
    return bad
