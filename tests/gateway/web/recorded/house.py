"""The house whose pages are recorded: the real site with all its parts, over desks that hold what a visit gives them.

A desk answers at once, with the values of ``values.py``; each may be told to fail as the real one does.
"""

from types import SimpleNamespace

from gateway.errors import AccessError, BoardError, ConfigError, InvitationError, StoreError
from gateway.web.access.access import PageAccess
from gateway.web.accounts.routes import accounts
from gateway.web.backup.routes import backup
from gateway.web.boards.routes import boards
from gateway.web.cost import routes as cost
from gateway.web.data.routes import data
from gateway.web.displays.routes import displays
from gateway.web.help.routes import help_pages
from gateway.web.history import routes as history
from gateway.web.https.routes import https
from gateway.web.joining.routes import joining
from gateway.web.machine.routes import machine
from gateway.web.notices.routes import notices
from gateway.web.places.routes import places
from gateway.web.repair.routes import repair
from gateway.web.roof.routes import roof
from gateway.web.security.routes import security
from gateway.web.series.routes import series
from gateway.web.settings.routes import settings
from gateway.web.sharing.routes import sharing
from gateway.web.site import Site
from gateway.web.tariff.routes import tariff
from gateway.web.updates.routes import updates
from gateway.words.phrase import Phrase
from tests.gateway.web.recorded import roofs, safety, values
from tests.gateway.web.recorded.desks import (
    AccountDesk,
    BackDesk,
    BoardDesk,
    CopyDesk,
    DataDesk,
    MachineDesk,
    NightDesk,
    TariffDesk,
    WaysDesk,
)
from tests.gateway.web.recorded.places import SEEN, PlacesDesk
from tests.gateway.web.stand_in import StandInHouse

FAULT = "the database <b>does not open</b>"


class Held:
    """What the desks hold during a visit; ``fault`` is raised instead of every answer of a part."""

    def __init__(self):
        self.fault = None
        self.meters = ["house"]
        self.past, self.bill = values.PASTS["a day"], values.BILLS["months"]
        self.offers, self.places = values.OFFERS["all"], SEEN["a day"]
        self.roofs = roofs.ROOFS["a day"]
        self.look, self.point = values.LOOKS["at first"], "power"
        self.configured, self.address_fits = values.CONFIGURED, True
        self.displays, self.works = values.DISPLAYS, True
        self.boards = values.BOARDS["all"]
        self.series, self.version = values.SERIES, values.VERSIONS["newer"]
        self.installer, self.text, self.changed = None, values.TEXT, True
        self.yesterday, self.safety = "drawn", safety.SAFETY["all well"]
        self.joined = values.JOINED["nothing yet"]
        self.encrypted, self.authority = values.ENCRYPTED
        # What of ``desks.GIVEN`` is otherwise.
        self.settings = {}
        self.journal, self.handed = values.JOURNALS["well"], values.HANDED
        self.rows = {"consents": (), "notices": (), "pending-access": (), "refused-domains": (), "health-consents": ()}

    def fault_or(self, told):
        """The answer of a part."""
        if self.fault:
            raise self.fault
        return told


class Desk:
    """All desks of the house in one."""

    def __init__(self, held):
        self._held = held
        self.retention, self.refused_days = "P1Y", 30

    def _or_fault(self, told):
        return self._held.fault_or(told)

    @property
    def meters(self):
        return self._held.meters

    async def past(self, meter, period, day, against=None):
        return self._or_fault(self._held.past)

    async def bill(self, meter, period):
        return self._or_fault(self._held.bill)

    async def offers(self, meter, off_peak):
        return self._or_fault(self._held.offers)

    has_roof = True

    async def roofs(self, meter, day):
        return self._or_fault(self._held.roofs)

    async def look(self, chosen):
        return self._or_fault(self._held.look)

    async def point(self, which):
        return self._or_fault(values.POINTS.get(self._held.point))

    async def settings(self):
        return self._held.configured

    async def choose_objective(self, goals):
        self._or_fault(None)

    async def choose_household(self, address, language):
        if not self._held.address_fits:
            raise ConfigError("household.address: none")
        self._or_fault(None)

    async def commit(self):
        self._or_fault(None)

    async def known(self):
        return self._or_fault(self._held.displays)

    async def add(self, name, *, home_assistant):
        return self._or_fault(values.GIVEN[self._held.works])

    async def remove(self, name):
        self._or_fault(None)

    async def standing(self, action, lang, version):
        return self._or_fault(self._held.version)

    @property
    def installer(self):
        return self._held.installer

    async def choices(self, number):
        return self._or_fault(values.CHOICES.get(number))

    async def yesterday(self, choices, ticked):
        return self._or_fault(values.YESTERDAYS[self._held.yesterday])

    async def handed(self, first, last):
        return self._held.handed

    async def flows(self):
        return values.FLOWS

    async def text(self, sha256):
        return self._or_fault(self._held.text)

    async def journal(self):
        return self._held.journal

    async def check_journal(self):
        self._or_fault(None)

    async def facts(self, own, *, encrypted):
        return self._or_fault(self._held.safety)

    async def installed(self, lang):
        return self._or_fault(safety.INSTALLED)

    def sign_out(self, number, own):
        return bool(number)

    async def ask(self, order):
        self._or_fault(None)
        word = order.__struct_config__.tag
        if word in self._held.rows:
            return self._held.rows[word]
        return values.TEXT if word.endswith("-text") else self._held.changed


class Joins:
    """A house that is invited."""

    def __init__(self, held):
        self._held = held

    def meters(self):
        return self._held.meters

    def known(self):
        return self._held.joined

    async def read(self, link, lang, meter):
        return self._held.fault_or(values.INVITED)

    async def yes(self, link, shown, meter):
        return self._held.fault_or({})

    async def decline(self):
        return bool(self._held.joined["invited"])

    async def stop(self):
        return self._held.joined["waiting"] is not None

    async def seen(self):
        return None


class Encrypted:
    """The encrypted way, as the page in clear leads to it."""

    def __init__(self, held):
        self._held = held

    @property
    def certificate(self):
        return SimpleNamespace(authority=self._held.authority, shown=self._held.encrypted)

    def why_not(self):
        return Phrase("not yet")

    def url(self, called):
        return self._held.encrypted

    def is_own(self, called):
        return True


class Living(StandInHouse):
    """What the meters and the links say."""

    def __init__(self, held):
        super().__init__()
        self._held = held
        self.told, self.sources = values.WELL, {"house": "/dev/ttyTIC"}

    async def report(self):
        return self.told


class Kept(PageAccess):
    """What lasts; a link that cannot be written where the card is full."""

    full = False

    def add_link(self, name, now, role):
        if self.full:
            raise AccessError("the card is full")
        return super().add_link(name, now, role)


class RecordedHouse:
    """The site, what its desks hold, and what its meters say."""

    def __init__(self, file):
        self.held = Held()
        self.living, self.access = Living(self.held), Kept(file)
        desk = Desk(self.held)

        async def all_series():
            return self.held.series

        parts = (
            *(history.part(desk), cost.part(desk), roof(desk), sharing(desk), repair(desk), settings(desk)),
            *(series(all_series), displays(desk), https(Encrypted(self.held))),
            places(lambda: PlacesDesk(self.held), 3),
            boards(BoardDesk(self.held)),
            updates(desk.standing, lambda told: told != 7),
            *(tariff(TariffDesk(self.held)), notices(WaysDesk(self.held)), machine(MachineDesk(self.held))),
            accounts(AccountDesk(self.held, "broker"), AccountDesk(self.held, "account")),
            backup(NightDesk(self.held), CopyDesk(self.held), BackDesk(self.held)),
            data(DataDesk(self.held), CopyDesk(self.held)),
            security(lambda: desk),
            joining(lambda: Joins(self.held)),
            help_pages(),
        )
        self.site = Site(self.living, self.access, "1", lambda: parts)

    def forget(self):
        """As at first."""
        self.held.__init__()
        self.living.__init__(self.held)


FAULTS = {"store": StoreError(FAULT), "board": BoardError(FAULT), "configuration": ConfigError(FAULT)}
FAULTS_OF_LINKS = {"invitation": InvitationError(FAULT)}
