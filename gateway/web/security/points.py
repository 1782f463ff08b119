"""How each point stands: facts to points, without a look at anything else. What was not looked at is never good."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.web.dates import local
from gateway.web.security.values import ABSENT, BAD, BUILT, GOOD, MAKER, NOTE, UNKNOWN, WARN, SecurityPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.web.security.values import BoardNow, MachineFacts, SecurityFacts, TlsFacts, UpdateFacts

BACKUP, UPDATES, HTTPS, ACCESS, SHARING, LINKS = (
    "/settings/backup", "/settings/updates", "/https", "/access", "/sharing", "/links"
)  # fmt: skip
BROKER, ACCOUNT, DATA, DETAILS, NOTICES = (
    *("/settings/home-assistant", "/settings/account", "/settings/data", "/settings/details"),
    "/settings/notices",
)
# A list of versions that nobody could read for so long is worth a word; so is an end that is near.
_STALE_S, _SOON = 8 * 86_400, timedelta(days=60)
_ENDS_SOON_S = 30 * 86_400
# A board says each minute that it is there.
_SILENT_S = 600
SSH = 22

# What the rules ask, by the id of ``gateway/upkeep/duties``: the points by which it is seen, or what it is else.
NORMS: Mapping[str, tuple[str, ...] | str] = {
    "known-weaknesses": MAKER,
    "secure-default": ("password",),
    "updates": ("version", "signed", "system"),
    "access-control": ("password", "home", "files"),
    "confidentiality": ("tls", "account", "broker", "files"),
    "integrity": ("journal",),
    "minimisation": BUILT,
    "availability": ("links", "backup"),
    "other-networks": BUILT,
    "attack-surface": ("ports", "remote"),
    "mitigation": ("enclosed",),
    "logging": ("journal",),
    "deletion": BUILT,
    "components": MAKER,
    "regular-tests": MAKER,
    "disclosure": ("contact",),
    "reporting": MAKER,
    "support-period": ("support",),
    "instructions": MAKER,
    "technical-file": MAKER,
    "radio": ("password",),
    "user-notice": ("told",),
}
# The worst first: what several points say together is what the worst of them says.
_WORST = (BAD, WARN, UNKNOWN, NOTE, BUILT, GOOD, ABSENT, MAKER)


def points(facts: SecurityFacts) -> dict[str, SecurityPoint]:
    """Name -> point, in the order of the page."""
    found = {
        "backup": _backup(facts.nightly),
        "version": _version(facts.update, facts.now),
        "support": _support(facts.update, local(facts.now).date()),
        "signed": _signed(facts.update),
        "system": _system(facts.update),
        "tls": _tls(facts.tls, facts.now),
    }
    found |= {f"board {board.name}": _board(board, facts.now) for board in facts.boards}
    return found | dict(_of_access(facts)) | dict(_of_machine(facts.machine)) | {"journal": _journal(facts)}


def faults(found: Iterable[SecurityPoint]) -> list[SecurityPoint]:
    """Those that want something done, the worst first."""
    return sorted((one for one in found if one.state in (BAD, WARN)), key=lambda one: _WORST.index(one.state))


def norm_state(name: str, found: Mapping[str, SecurityPoint]) -> str:
    """How a point of the rules stands, by what was seen of it."""
    seen = NORMS[name]
    if isinstance(seen, str):
        return seen
    return min((found[key].state for key in seen), key=_WORST.index)


def _backup(nightly: Mapping[str, object]) -> SecurityPoint:
    if not nightly["place"]:
        return SecurityPoint("backup_none", WARN, door=BACKUP)
    if nightly["state"] in ("waiting", ""):
        return SecurityPoint("backup_clock", UNKNOWN)
    good = nightly["good"]
    if nightly["state"] == "broken":
        return SecurityPoint("backup_never" if good is None else "backup_late", BAD, _at(good), BACKUP)
    if good is None:
        return SecurityPoint("backup_first", UNKNOWN)
    if nightly.get("same_card"):
        return SecurityPoint("backup_same_card", WARN, _at(good), BACKUP)
    return SecurityPoint("backup_retried" if nightly["failed"] else "backup_good", GOOD, _at(good))


def _version(update: UpdateFacts, now: float) -> SecurityPoint:
    places: dict[str, object] = {"version": update.running, "newer": update.newer} | dict(_at(update.checked))
    if update.under_way:
        return SecurityPoint("version_under_way", NOTE, places, UPDATES)
    if update.newer:
        return SecurityPoint(
            "version_weak" if update.security else "version_old", BAD if update.security else WARN, places, UPDATES
        )
    if not update.wanted:
        return SecurityPoint("version_unlooked", UNKNOWN, places)
    if update.checked is None:
        return SecurityPoint("version_unreached" if update.failed else "version_never", UNKNOWN, places, UPDATES)
    if now - update.checked > _STALE_S:
        return SecurityPoint("version_stale", WARN, places, UPDATES)
    return SecurityPoint("version_newest", GOOD, places)


def _support(update: UpdateFacts, today: date) -> SecurityPoint:
    if not update.support_end:
        return SecurityPoint("support_unknown", UNKNOWN)
    end = date.fromisoformat(update.support_end)
    if today > end:
        return SecurityPoint("support_over", BAD, {"day": end}, UPDATES)
    if end - today <= _SOON:
        return SecurityPoint("support_soon", WARN, {"day": end}, UPDATES)
    return SecurityPoint("support_good", GOOD, {"day": end})


def _signed(update: UpdateFacts) -> SecurityPoint:
    if update.kind == "none":
        return SecurityPoint("signed_none", ABSENT)
    return (
        SecurityPoint("signed_good", GOOD, {"n": update.keys})
        if update.keys
        else SecurityPoint("signed_no_key", WARN, door=UPDATES)
    )


def _system(update: UpdateFacts) -> SecurityPoint:
    if update.fixes is None:
        return SecurityPoint("system_unknown", UNKNOWN)
    return SecurityPoint("system_good", GOOD) if update.fixes else SecurityPoint("system_off", WARN)


def _tls(tls: TlsFacts, now: float) -> SecurityPoint:
    if tls.broken:
        return SecurityPoint("tls_broken", BAD, door=HTTPS)
    if not tls.served:
        return SecurityPoint("tls_none", WARN, door=HTTPS)
    if tls.until is not None and tls.until - now < _ENDS_SOON_S:
        return SecurityPoint("tls_ends", WARN, _at(tls.until), HTTPS)
    if tls.alone:
        return SecurityPoint("tls_alone", GOOD)
    return SecurityPoint("tls_here", NOTE) if tls.here else SecurityPoint("tls_beside", WARN, door=HTTPS)


def _board(board: BoardNow, now: float) -> SecurityPoint:
    places: dict[str, object] = {"name": board.name} | dict(_at(board.seen))
    if board.standing == "refused":
        return SecurityPoint("board_refused", WARN, places, LINKS)
    if board.there is False or (board.seen is not None and now - board.seen > _SILENT_S):
        return SecurityPoint("board_gone", WARN, places, LINKS)
    if board.there is None:
        return SecurityPoint("board_unheard", UNKNOWN, places)
    if board.seen is None:
        # While nobody knows the time it is there all the same.
        return SecurityPoint("board_here", GOOD, places)
    return SecurityPoint("board_there", GOOD, places)


def _of_access(facts: SecurityFacts) -> Iterator[tuple[str, SecurityPoint]]:
    access = facts.access
    chosen = "password_good" if access.password_at is not None else "password_old"
    none = SecurityPoint("password_none", BAD, door=ACCESS)
    yield "password", SecurityPoint(chosen, GOOD, _at(access.password_at)) if access.password else none
    broker = {"none": ABSENT, "here": GOOD, "encrypted": GOOD, "clear": WARN}[facts.machine.broker]
    yield "broker", SecurityPoint(f"broker_{facts.machine.broker}", broker, door=BROKER if broker == WARN else "")
    account = {"ok": GOOD, "broken": WARN, "waiting": UNKNOWN}.get(access.account_state, ABSENT)
    word = "pinned" if access.pinned and access.account_state == "ok" else access.account_state or "none"
    yield "account", SecurityPoint(f"account_{word}", account, door=ACCOUNT if account == WARN else "")


def _of_machine(machine: MachineFacts) -> Iterator[tuple[str, SecurityPoint]]:
    yield (
        "home",
        SecurityPoint("home_good", GOOD) if not machine.foreign else SecurityPoint("home_open", BAD, door=DETAILS),
    )
    others = sorted(set(machine.ports or ()) - set(machine.own) - {SSH})
    listed = ", ".join(map(str, others))
    if machine.ports is None:
        yield "ports", SecurityPoint("ports_unknown", UNKNOWN)
        yield "remote", SecurityPoint("remote_unknown", UNKNOWN)
    else:
        yield (
            "ports",
            SecurityPoint("ports_more", NOTE, {"ports": listed}) if others else SecurityPoint("ports_good", GOOD),
        )
        yield "remote", SecurityPoint("remote_on", NOTE) if SSH in machine.ports else SecurityPoint("remote_off", GOOD)
    yield "enclosed", _enclosed(machine)
    if machine.exposed is None:
        yield "files", SecurityPoint("files_unknown", UNKNOWN)
    elif machine.exposed:
        yield "files", SecurityPoint("files_open", BAD, {"n": machine.exposed})
    else:
        yield "files", SecurityPoint("files_good", GOOD)
    yield "links", _links(machine)
    yield "told", SecurityPoint("told_good", GOOD) if machine.told else SecurityPoint("told_none", WARN, door=NOTICES)
    yield "contact", SecurityPoint("contact_good", GOOD) if machine.contact else SecurityPoint("contact_none", UNKNOWN)


def _links(machine: MachineFacts) -> SecurityPoint:
    if machine.broken:
        return SecurityPoint("links_broken", WARN, {"n": machine.broken}, LINKS)
    if machine.waiting:
        return SecurityPoint("links_waiting", UNKNOWN, {"n": machine.waiting})
    return SecurityPoint("links_good", GOOD)


def _enclosed(machine: MachineFacts) -> SecurityPoint:
    if machine.enclosed is None:
        return SecurityPoint("enclosed_unknown", UNKNOWN)
    if machine.root:
        return SecurityPoint("enclosed_root", BAD)
    return SecurityPoint("enclosed_good", GOOD) if machine.enclosed else SecurityPoint("enclosed_not", WARN)


def _journal(facts: SecurityFacts) -> SecurityPoint:
    journal = facts.journal
    if journal.whole is None:
        return SecurityPoint("journal_unchecked", UNKNOWN, {"n": journal.entries}, SHARING)
    places: dict[str, object] = {"n": journal.entries} | dict(_at(journal.at))
    return (
        SecurityPoint("journal_good", GOOD, places)
        if journal.whole
        else SecurityPoint("journal_bad", BAD, places, SHARING)
    )


def _at(time: object) -> Mapping[str, object]:
    return {"when": time} if isinstance(time, int | float) else {}
