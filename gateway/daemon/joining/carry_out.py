"""The steps of joining, each done again without harm: account, claim, consent, names.

The collector is asked before anything is given: it says, from its own address, that it made this very invitation and
that it is this gateway's now. So a forged or altered link gives nothing, whoever signed it. What an invitation came to
that was refused for good is taken back: what was given by it, and the account that was made for it, at the server and
here. The note is read before each step: where it is no more (given up, everything erased), nothing more is done.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from gateway.account import joining_note as notes
from gateway.account.act import account_of, enrol, named
from gateway.account.password_file import password_file
from gateway.config import settings
from gateway.consent.orders import JointGrant, ListConsents, Revoke, Shown
from gateway.daemon.joining.asked import forms, invited_by, is_same
from gateway.daemon.joining.collector import InvitingCollector
from gateway.errors import ConfigError, FederationError, InvitationError
from gateway.federation.connection.account import remove
from gateway.federation.connection.enrolment import TOKEN_REFUSED
from gateway.federation.connection.one_off import alone
from gateway.federation.wire import invitation as links
from gateway.federation.wire import pairing
from gateway.store.terms import Channel
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from gateway.account.joining_note import JoiningNote
    from gateway.account.password_file import PasswordFile
    from gateway.config.tables import Config
    from gateway.consent.orders import A, Order, Row
    from gateway.federation.connection.session import Session
    from gateway.federation.wire.invitation import SignedInvitation

log = logging.getLogger(__name__)

_RESOURCE = "join"
_ANSWER_S, _NAMES = 15.0, 3
_NO_MORE = Phrase("this invitation was given up meanwhile. Nothing was given")
_NO_ACCOUNT = Phrase("no account can be made at {server}: {why}. Nothing was given; ask {controller} for another one")
_WHY = {
    pairing.UNKNOWN: Phrase(
        "{address} does not know this invitation: it did not make it. Nothing was given; ask {controller} by a way that"
        " you know"
    ),
    pairing.ALTERED: Phrase(
        "this invitation is not the one that {address} made: something in it was changed. Nothing was given; ask"
        " {controller} for another one"
    ),
    pairing.REVOKED: Phrase("{controller} has withdrawn this invitation. Nothing was given; ask for another one"),
    pairing.USED: Phrase(
        "this invitation was used by another gateway already. Nothing was given; ask {controller} for another one, and"
        " say so if it was not you"
    ),
    pairing.EXPIRED: Phrase("this invitation is too old for {address}. Nothing was given; ask for a new one"),
    pairing.OTHER_NAMES: Phrase(
        "{address} does not take what this gateway would give. Nothing is given; ask {controller}"
    ),
}


class JoiningHouse(Protocol):
    """Where it is done."""

    @property
    def config(self) -> Config:
        """As it is in force."""

    async def act(self, order: Order[A]) -> A:
        """Do an order on consents. Raises GatewayError."""

    async def keep_account(self, table: dict[str, Any]) -> None:
        """Let this be the table of the federation. Raises ConfigError, StoreError."""


class JoiningSteps:
    """Of one yes."""

    def __init__(self, house: JoiningHouse, note: JoiningNote, signed: SignedInvitation) -> None:
        self._house, self._note, self._signed = house, note, signed
        self._asked = signed.invitation
        self._collector = InvitingCollector(signed)
        # The text says how it was before the first step.
        self._before = invited_by(house.config, signed)
        if note.user:
            self._before = replace(self._before, account="")

    async def carry_out(self) -> list[Row]:
        """All of them; the consents that stand."""
        new, file = await self._account()
        async with self._session(new, file) as session:
            await self._claim(session)
            if self._house.config.federation is None:
                self._check_wanted()
                await self._house.keep_account(self._table())
            # Nothing comes between this look and the order on its way: an erasure is before both, or behind both.
            self._check_wanted()
            rows = await self._house.act(self._order())
            await self._tell(session, new, rows)
        return rows

    async def take_back(self) -> None:
        """Withdraw what was given by it. Delete the account that was made for it and is not the house's yet."""
        for row in await self._house.act(ListConsents()):
            if row["text"]["sha256"] == self._note.hash and row["ended"] is None:
                await self._house.act(Revoke(consent=row["id"], by=self._note.by, channel=Channel(self._note.channel)))
        if not self._note.user or self._house.config.federation is not None:
            return
        new = await asyncio.to_thread(settings.with_value, self._house.config, "federation", self._table())
        file = password_file(new)
        # Made, or perhaps made by a run that was cut off before it could be noted.
        if self._note.made or file.pending():
            try:
                async with self._session(new, file) as session:
                    await remove(session, _ANSWER_S)
            except (FederationError, ConfigError) as error:
                log.warning("the account made for an invitation may still be at its server: %s", error)
            file.forget()

    def _session(self, config: Config, file: PasswordFile) -> AbstractAsyncContextManager[Session]:
        return alone(named(account_of(config, ""), _RESOURCE), file, self._collector.hears)

    def _keep(self, **changes: Any) -> None:  # noqa: ANN401 (fields of the note)
        self._note = replace(self._note, **changes)
        self._check_wanted()
        notes.write(self._house.config, replace(notes.read(self._house.config), waiting=self._note))

    def _check_wanted(self) -> None:
        """InvitationError where nobody waits for it any more."""
        kept = notes.read(self._house.config).waiting
        if kept is None or (kept.link, kept.at) != (self._note.link, self._note.at):
            raise InvitationError(_NO_MORE)

    def _table(self) -> dict[str, Any]:
        table = {"jid": f"{self._note.user}@{self._asked.server}"}
        kept = notes.read(self._house.config).brought
        installer = kept.installer if kept and is_same(kept.link, self._note.link) else ""
        more = {"address": self._asked.address, "installer": installer}
        return table | {name: value for name, value in more.items() if value}

    async def _account(self) -> tuple[Config, PasswordFile]:
        """The house's account; where it has none, one that is made now, or was before the run was cut off."""
        config = self._house.config
        if config.federation is not None:
            return config, password_file(config)
        if not self._note.made:
            links.check_time(self._asked, time.time())
        for left in reversed(range(_NAMES)):
            if not self._note.user:
                self._keep(user=f"linky-{secrets.token_hex(5)}")
            new = await asyncio.to_thread(settings.with_value, config, "federation", self._table())
            file = password_file(new)
            if self._note.made:
                return new, file
            try:
                await enrol(new, file, None, self._asked.token)
            except FederationError as error:
                if error.condition == "conflict" and left:
                    self._keep(user="")
                    continue
                if error.condition in (TOKEN_REFUSED, "not-allowed", "conflict"):
                    raise InvitationError(self._said(_NO_ACCOUNT, why=error.phrase)) from error
                raise
            self._keep(made=True)
            return new, file
        raise AssertionError("the last try returns or raises")

    async def _claim(self, session: Session) -> None:
        state, why = await self._collector.ask(session, pairing.CLAIM)
        if state == pairing.REFUSED:
            raise InvitationError(self._said(_WHY[why]))

    async def _tell(self, session: Session, config: Config, rows: list[Row]) -> None:
        """Say by which names the first address finds what it was given."""
        account = config.federation
        assert account is not None  # noqa: S101 (its session is open)
        user, _, domain = account.jid.partition("@")
        first = self._asked.addresses[0]
        given = [row for row in rows if row["recipient"] == first]
        names = tuple(f"{user}@{domain}/{row['known_as']}@{domain}/{row['series']}" for row in given)
        state, why = await self._collector.ask(session, pairing.NAMES, account.resource, names)
        if state == pairing.REFUSED:
            raise InvitationError(self._said(_WHY[why]))

    def _order(self) -> JointGrant:
        note = self._note
        return JointGrant(
            forms=forms(self._asked, note.meter),
            invited=self._before,
            retention=note.retention,
            shown=Shown(note.lang, note.hash),
            at=note.at,
            by=note.by,
            channel=Channel(note.channel),
        )

    def _said(self, phrase: Phrase, **more: object) -> Phrase:
        facts = {"address": self._asked.addresses[0], "controller": self._asked.controller}
        return phrase.filled(**facts, server=self._asked.server, **more)
