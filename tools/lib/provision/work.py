"""What is done with a fleet, in an order in which it can be cut off anywhere and run again.

Secrets are on the disk before the server hears of them; the account is known to exist before a card says so.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.account.password_file import generate
from gateway.collector.labels import removing, revoking
from gateway.federation.connection.cell import as_cell
from gateway.first_boot.checks import CODE_CHARACTERS, CODE_LENGTH, code, printed_code
from gateway.first_boot.settings import CardInvitation, CardSettings, Wifi, XmppAccount
from gateway.upkeep.releases.keys import fingerprint
from provision import card, device, labels
from provision.device import ProvisionedDevice
from provision.errors import ProvisionError, TakenError
from provision.texts import handover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from provision.accounts import Accounts
    from provision.collector import CooperativeRegister
    from provision.fleet import FleetRow
    from provision.invitations import FleetInvitation, InvitationFile

REGISTER = "register.csv"
_LABELS_PDF = "labels.pdf"
_CLOSED = ("revoking", "revoked")
# Four groups of four: what there is room for; the whole is in the protocol of the hand-over.
_KEY_ON_LABEL = 19


@dataclass(slots=True)
class ProvisionedFleet:
    """A folder of devices, and the server that has their accounts (None where nothing is to be done there).

    ``address`` goes into the cards where DNS does not say where the server is; ``kind`` is what the cards are for;
    ``installer`` is whom each household is asked to let know whether its gateway is well; ``keys`` are the public SSH
    keys with which one logs in to the machines; ``release_keys`` are the public keys (32 bytes) of
    one of which a card believes its release; ``sheet`` has an invitation for each device, and ``register`` is that of
    the co-operative which made them.
    """

    out: Path
    accounts: Accounts | None = None
    address: str | None = None
    kind: card.Kind = "raspios"
    installer: str | None = None
    keys: Sequence[str] = ()
    release_keys: Sequence[bytes] = ()
    sheet: InvitationFile | None = None
    register: CooperativeRegister | None = None

    def provision(self, rows: Sequence[FleetRow], progress: Callable[[int, int], None]) -> dict[str, int]:
        """Make what is missing: accounts, cards, labels. Raises ProvisionError; what is done stays done.

        How many devices are not revoked (``all``), how many accounts are new (``made``), how many cards (``cards``),
        how many devices were handed over before (``handed_over``).
        """
        rows = self._open(rows)
        bound = self._bound(rows)
        made = cards = 0
        done: list[tuple[FleetRow, ProvisionedDevice]] = []
        try:
            for at, row in enumerate(rows):
                progress(at, len(rows))
                before = device.load(self.out, row.device)
                now = self._account(row, before, bound.get(row.device))
                made += before is None or before.state != now.state
                if now.state == "made":
                    cards += self._files(row, now)
                    done.append((row, now))
            progress(len(rows), len(rows))
            counted = self._joined()
        finally:
            # Whatever stops this, the register says what there is.
            self._register()
        self._labels(done)
        found = {"all": len(rows), "made": made, "cards": cards, "handed_over": len(rows) - len(done)}
        return found | counted

    def revoke(self, name: str) -> tuple[str, dict[str, str]]:
        """Close a lost device's account, and end its invitation where the co-operative's register is at hand.

        What was done: the key of its text, and the values of that.
        """
        known = self._known(name)
        ends = bool(known.invitation and self.register)
        if known.state == "revoked" and not ends:
            return "revoked_before", {}
        if known.account and known.state != "revoked":
            self._close_account(known)
        used_by = self.register.revoke(known.invitation) if self.register and ends else ""
        if known.state != "revoked":
            self._close(known, "revoked")
        if not known.invitation:
            return "revoked", {}
        if not ends:
            return "invitation_stays", {"command": revoking(known.invitation)}
        if not used_by:
            return "invitation_ended", {}
        return "invitation_used", {"gateway": used_by, "command": removing(used_by)}

    def _close_account(self, known: ProvisionedDevice) -> None:
        if self.accounts is None:
            raise ProvisionError("which_server")
        if not known.password and not self.accounts.administers:
            raise ProvisionError("lost_secret", device=known.device)
        device.save(self.out, known.now("revoking"))
        self.accounts.remove(known.jid, known.password)

    def hand_over(self, name: str) -> bool:
        """Keep nothing secret of a device any more; False when nothing was."""
        known = self._known(name)
        if known.state in _CLOSED:
            raise ProvisionError("revoked", device=name)
        if known.state == "handed-over":
            return False
        self._close(known, "handed-over")
        return True

    def _open(self, rows: Iterable[FleetRow]) -> list[FleetRow]:
        """Those that were not revoked. Nothing is begun that contradicts what was done before."""
        found = []
        for row in rows:
            known = device.load(self.out, row.device)
            if known and known.account and row.jid and known.jid != row.jid:
                raise ProvisionError("other_jid", device=row.device, old=known.jid, new=row.jid)
            if known is None or known.state not in _CLOSED:
                found.append(row)
        return found

    def _bound(self, rows: Sequence[FleetRow]) -> dict[str, FleetInvitation]:
        """Device -> the invitation that it is given now. Nothing is begun where a device would have no account."""
        known = {one.device: one for one in device.everything(self.out)}
        names = [row.device for row in rows if row.device not in known or known[row.device].state != "handed-over"]
        bound = self.sheet.bound(known.values(), names) if self.sheet else {}
        for name in names if self.accounts is None else ():
            before, given = known.get(name), bound.get(name)
            if before and (before.state != "planned" or not before.account):
                continue
            if before or given is None:
                raise ProvisionError("which_server")
            if not given.makes_account:
                raise ProvisionError("makes_no_account", device=name)
        return bound

    def _account(
        self, row: FleetRow, known: ProvisionedDevice | None, given: FleetInvitation | None
    ) -> ProvisionedDevice:
        if known is None:
            here = self.accounts is not None
            known = ProvisionedDevice(
                device=row.device,
                jid=row.jid if here else "",
                site=row.site,
                state="planned",
                since=datetime.now(UTC).isoformat(timespec="seconds"),
                password=generate() if here else "",
                code=new_code(),
                account=here,
            )
        if given:
            # On the disk before a card has it: whatever cuts this off, no second device is given the same.
            known = msgspec.structs.replace(known, invitation=given.id, link=given.link)
        if given or known.state == "planned":
            device.save(self.out, known)
        if known.state != "planned":
            return known
        if known.account:
            self._make_account(known)
        made = known.now("made")
        device.save(self.out, made)
        return made

    def _make_account(self, known: ProvisionedDevice) -> None:
        assert self.accounts is not None
        try:
            self.accounts.make(known.jid, known.password)
        except TakenError as error:
            # By the run that was cut off here, if our password opens it.
            if not self.accounts.opens(known.jid, known.password):
                raise ProvisionError("taken", jid=known.jid) from error

    def _joined(self) -> dict[str, int]:
        """Tell the co-operative's register which device has which invitation, and note who has joined by it.

        What one has joined by opens nothing any more, and is kept no longer.

        How many have an invitation (``invited``), and of them: ``joined``, ``waiting`` (open or on the way).
        """
        known = {one.invitation: one for one in device.everything(self.out) if one.invitation}
        if not self.register or not known:
            return {"invited": len(known)}
        rows = self.register.name({number: one.device for number, one in known.items()})
        for number, row in rows.items():
            one = known[number]
            if row["state"] == "joined" and not one.joined:
                jid, joined = one.jid or str(row["gateway"]), str(row["joined_at"])[:10]
                device.save(self.out, msgspec.structs.replace(one, jid=jid, joined=joined, link=""))
        states = Counter(row["state"] for row in rows.values())
        return {
            "invited": len(known), "joined": states["joined"], "waiting": states["open"] + states["joining"],
        }  # fmt: skip

    def _files(self, row: FleetRow, known: ProvisionedDevice) -> bool:
        settings = CardSettings(
            language=row.language,
            hostname=row.device,
            wifi=Wifi(row.wifi, "" if row.wifi_key == "-" else row.wifi_key, row.country) if row.wifi else None,
            account=XmppAccount(known.jid, known.password, self.address, renew=True, installer=self.installer)
            if known.account
            else None,
            port=row.port,
            code=known.code,
            invitation=CardInvitation(known.link, None if known.account else self.installer) if known.link else None,
        )
        folder = self.out / row.device
        files = {
            f"card/{name}": text for name, text in card.files(settings, self.kind, self.keys, self.release_keys).items()
        }
        kept = card.KEPT_KEYS[self.kind] if self.keys else None
        answers = {"account": known.account, "invited": bool(known.invitation)}
        files["remise-handover.txt"] = handover(row.device, row.site, _page(row.device), kept, self._key(), **answers)
        written = [device.write(folder / name, text.encode()) for name, text in files.items()]
        return any(written)

    def _key(self) -> str:
        """The fingerprint of the key that signs releases; of two the first."""
        return fingerprint(self.release_keys[0]) if self.release_keys else ""

    def _labels(self, done: Sequence[tuple[FleetRow, ProvisionedDevice]]) -> None:
        key = f"{self._key()[:_KEY_ON_LABEL]} …" if self.release_keys else ""
        made = [
            labels.PrintedLabel(row.device, row.site, _page(row.device), printed_code(known.code), row.language, key)
            for row, known in done
        ]
        sheets = labels.svg_sheets(made)
        for number, sheet in enumerate(sheets, 1):
            device.write(self.out / f"labels-{number}.svg", sheet.encode())
        for file in self.out.glob("labels-*.svg"):
            if file.stem.removeprefix("labels-") not in map(str, range(1, len(sheets) + 1)):
                file.unlink()
        if made:
            device.write(self.out / _LABELS_PDF, labels.pdf(made))
        else:
            (self.out / _LABELS_PDF).unlink(missing_ok=True)

    def _known(self, name: str) -> ProvisionedDevice:
        everything = device.everything(self.out)
        found = next((one for one in everything if one.device == name), None)
        if found is None:
            known = ", ".join(one.device for one in everything) or "—"
            raise ProvisionError("unknown_device", device=name, path=self.out, known=known)
        return found

    def _close(self, known: ProvisionedDevice, state: device.State) -> None:
        device.forget_files(self.out, known.device)
        device.save(self.out, known.now(state, password="", code="", link=""))
        # The sheets hold its code as well; the next run prints those that are still of use.
        for file in (*self.out.glob("labels-*.svg"), self.out / _LABELS_PDF):
            file.unlink(missing_ok=True)
        self._register()

    def _register(self) -> None:
        text = io.StringIO(newline="")
        lines = csv.writer(text)
        lines.writerow(("device", "site", "jid", "page", "state", "since", "invitation", "joined"))
        for one in device.everything(self.out):
            known = (one.device, one.site, one.jid, _page(one.device), one.state, one.since, one.invitation, one.joined)
            # The account's name is its household's choice, and a spreadsheet opens this.
            lines.writerow(map(as_cell, known))
        device.write(self.out / REGISTER, text.getvalue().encode())


def new_code() -> str:
    """A code for the page's first visit, of those that a card takes."""
    while code(found := "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))):
        pass
    return found


def _page(name: str) -> str:
    return f"http://{name}.local:8080/"
