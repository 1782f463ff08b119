"""`linky-gateway first-boot`: applies the card's ``linky.toml``, once; linky-first-boot.service runs it.

Exit codes: 0 applied, or nothing to do; 78 the file is wrong, and ``linky-result.txt`` beside it says why.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import command
from gateway.errors import AccessError, ConfigError, InvitationError, StoreError
from gateway.first_boot import plan, result
from gateway.first_boot.faults import CardFault
from gateway.first_boot.place import CardPlace, encoded, read
from gateway.first_boot.preseed import joined, parse_preseed
from gateway.first_boot.settings import CardSettings, language_of, parse, render

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config

_BOOT = Path("/boot/firmware")
_SERVICE = "linky-gateway"


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "apply the card's linky.toml, once: Wi-Fi, account, port, code"
    parser = command(commands, "first-boot", _run, text, config=False)
    parser.add_argument("--boot", type=Path, help=f"the partition every computer can read (default: {_BOOT})")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="the system below DIR (an image)")


def _run(options: argparse.Namespace) -> int:
    boot: Path = options.boot or options.root / _BOOT.relative_to("/")
    said = apply(CardPlace(boot, options.root))
    sys.stdout.write(f"{said}\n")
    return 0


def apply(place: CardPlace) -> str:
    """Do what the card says; what was done, in a sentence. Raises ConfigError with everything that is wrong."""
    try:
        return _apply(place)
    except OSError as error:
        fault = CardFault("", "cut_short", {"path": error.filename or place.root, "said": error.strerror or str(error)})
        raise _told(place, [fault], "fr", begun=True) from error
    except (AccessError, StoreError) as error:
        raise _told(place, [CardFault("", "configuration", {"said": str(error)})], "fr", begun=True) from error


def _apply(place: CardPlace) -> str:
    said = _said(place)
    if said is None:
        return "no linky.toml: nothing to do"
    settings, unused = said
    port, fault = plan.port_of(settings, _adapters(place.root), place.before().get(plan.CONFIG, ""))
    if fault:
        raise _told(place, [fault], settings.language)
    keyless = bool(settings.keys) and not (place.root / plan.SSH_LOOKS).exists()
    files = plan.files(replaced(settings, keys=()) if keyless else settings, port, place.before())
    config = _checked(place, settings, files[0].text)
    invited = _invited(place, settings)
    _refuse_while_running(place, config)
    _move(place, settings)
    place.write(files)
    made_code = _set_code(place, config, settings)
    _bring(place, config, settings, invited)
    source = config.meter[0].source
    hostname = settings.hostname or _hostname(place)
    seen = port != plan.USUAL_PORT or bool(_adapters(place.root))
    page_port = config.web.address[1] if config.web else 0
    place.tell(
        result.good(
            settings, hostname, source, page_port, made_code,
            adapter=seen, keyless=keyless, unused=unused, invited=invited,
        )
    )  # fmt: skip
    place.done()
    return "linky.toml was applied, and wiped from the card"


def _said(place: CardPlace) -> tuple[CardSettings, tuple[str, ...]] | None:
    """What the card's files say, and what Imager said that does not hold here; None where there is no file.

    Raises ConfigError with everything that is wrong with either of them.
    """
    file, imager = place.on_card(), place.of_imager()
    data = read(file) if file else place.waiting()
    if data is None and imager is None:
        return None
    settings, faults = parse(data) if data is not None else (CardSettings(), [])
    more, unused, wrong = parse_preseed(read(imager)) if imager else (CardSettings(), (), [])
    if settings is None or faults or wrong:
        raise _told(place, [*faults, *wrong], language_of(data or b""))
    both = joined(settings, more)
    # What is staged is read again after a power cut: it must be what can be read.
    _, faults = parse(render(both).encode())
    if faults:
        raise _told(place, faults, settings.language)
    return both, unused


def _move(place: CardPlace, settings: CardSettings) -> None:
    """From the card to where only root reads, both files as one."""
    place.stage(render(settings).encode())
    try:
        place.wipe()
    except OSError as error:
        # A code that could be read again at the next start would open the page a second time.
        place.put_back()
        fault = CardFault("", "read_only", {"said": error.strerror or str(error)})
        raise _told(place, [fault], settings.language) from error


def _told(place: CardPlace, faults: list[CardFault], language: str, *, begun: bool = False) -> ConfigError:
    """Say it on the card, too; the error to raise. ``begun``: something was changed already."""
    text = result.wrong(faults, language, begun=begun)
    try:
        place.tell(text)
    except OSError as error:
        faults = [*faults, CardFault("", "read_only", {"said": error.strerror or str(error)})]
    return ConfigError("linky.toml: " + "; ".join(fault.say("en") for fault in faults))


def _checked(place: CardPlace, settings: CardSettings, text: str) -> Config:
    """The new configuration as the gateway will read it."""
    from gateway.config.tables import load  # noqa: PLC0415 (nothing of it where there is nothing to do)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.toml"
        file.write_bytes(encoded(text))
        try:
            return load(file)
        except ConfigError as error:
            said = str(error).removeprefix(str(file)).lstrip(",: ")
            raise _told(place, [CardFault("", "configuration", {"said": said})], settings.language) from error


def _invited(place: CardPlace, settings: CardSettings) -> str:
    """By whom the card's invitation is, empty for none. Its time is looked at when a clock is right: by the page."""
    if settings.invitation is None:
        return ""
    from gateway.federation.wire.invitation import read as read_link  # noqa: PLC0415 (few cards bring one)

    try:
        return read_link(settings.invitation.link).invitation.controller
    except InvitationError as error:
        fault = CardFault("invitation.link", "configuration", {"said": error.phrase})
        raise _told(place, [fault], settings.language) from error


def _bring(place: CardPlace, config: Config, settings: CardSettings, controller: str) -> None:
    """Keep the card's invitation for the household; what it has answered before stays."""
    if settings.invitation is None:
        return
    from msgspec.structs import replace  # noqa: PLC0415 (the command's help is said without it)

    from gateway.account import joining_note as notes  # noqa: PLC0415 (few cards bring one)

    file = _state(place, config) / config.joining_file.name
    link, installer = settings.invitation.link, settings.invitation.installer or ""
    brought = notes.BroughtInvitation(link=link, controller=controller, installer=installer)
    notes.write_file(file, replace(notes.read_file(file), brought=brought))


def _adapters(root: Path) -> list[str]:
    from gateway.sources.ports import ports  # noqa: PLC0415

    return [port.source for port in ports(root) if port.tic]


def _state(place: CardPlace, config: Config) -> Path:
    """The database's folder in that system."""
    folder = Path(config.store.directory)
    return place.root / (folder.relative_to("/") if folder.is_absolute() else Path(plan.CONFIG).parent / folder)


def _refuse_while_running(place: CardPlace, config: Config) -> None:
    """The daemon keeps in memory what this writes."""
    from gateway.control.messages import Status  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415

    try:
        ask(_state(place, config) / config.control_socket.name, Status())
    except ConnectionError:
        return
    raise ConfigError("the gateway is running: stop it first (systemctl stop linky-gateway)")


def _set_code(place: CardPlace, config: Config, settings: CardSettings) -> str | None:
    """Have the page take the code; one that had to be made. A password, or a code that waits (a label's), stays.

    What the household's own password is to bring about is kept in mind beside it.
    """
    from gateway.account.hand_over import MARK  # noqa: PLC0415
    from gateway.store.connection import give_to_owner  # noqa: PLC0415
    from gateway.web.access.access import PageAccess  # noqa: PLC0415

    folder = _state(place, config)
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        uid, gid = place.number("passwd", _SERVICE), place.number("group", _SERVICE)
        if os.geteuid() == 0 and uid is not None and gid is not None:
            os.chown(folder, uid, gid)
    file = folder / config.page_file.name
    access = PageAccess(file)
    made = None
    if settings.code:
        access.take_code(settings.code)
    elif not access.ready and not access.has_code:
        made = access.make_code()
    if file.exists():
        give_to_owner(file)
    if settings.account and settings.account.renew:
        mark = folder / MARK
        mark.touch(mode=0o600)
        give_to_owner(mark)
    return made


def _hostname(place: CardPlace) -> str:
    try:
        return (place.root / "etc/hostname").read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError):
        return "raspberrypi"
