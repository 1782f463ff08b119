"""What tools/flash does: list, flash, update, erase, build a set; each from the arguments to the last word."""

from __future__ import annotations

import ipaddress
import sys
from typing import TYPE_CHECKING

from flash import esp, files, firmware, here, port, repl
from flash.chips import CHIPS
from flash.errors import FlashError
from flash.identity import BoardIdentity, GatewayAddress, certificate, own_tables, wifi_password
from flash.sheet import Sheet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from flash.chips import Chip
    from flash.dialogue import Dialogue

    Action = Callable[[argparse.Namespace, Dialogue], None]

_TLS_PORT, _PLAIN_PORT = 8883, 1883
# Bytecode is the same for every chip: no source here asks for native code, which a test holds.
_ANY_CHIP = CHIPS["esp32"]


def list_ports(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """The serial ports of USB adapters, none of them opened."""
    for name, title in port.candidates():
        print(f"{name}  {title}", file=dialogue.out)


def build_a_set(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """The zip file for updates over the air."""
    built = files.build_set(_ANY_CHIP)
    try:
        built.write(options.build_set)
    except OSError as error:
        raise FlashError("cannot_write", path=options.build_set, said=error.strerror) from error
    dialogue.say("set", path=options.build_set, version=built.version, size=built.size, count=len(built.files))


def erase(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """Leave nothing on the board."""
    name = _port(options, dialogue)
    with esp.connected(name, options.baud, dialogue.progress("writing")) as loader:
        dialogue.say("erases", chip=loader.chip.title, mac=loader.mac, port=name)
        dialogue.confirm("sure")
        loader.erase()
        dialogue.say("erased", chip=loader.chip.title, mac=loader.mac)


def update(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """New files only, by cable, into the spare folder."""
    name = _port(options, dialogue)
    with repl.connected(name) as prompt:
        built, launcher = files.build_set(_ANY_CHIP), files.launcher(_ANY_CHIP)
        before = repl.update(prompt, built, launcher, dialogue.progress("updating"))
        prompt.restart()
    dialogue.say("updated", new=built.version, old=before)


def flash(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """MicroPython, our files and the board's own settings, from nothing."""
    if options.here:
        here.fill(options, dialogue)
    name = _port(options, dialogue)
    checked = firmware.load(options.firmware or firmware.beside(), options.sha256)
    place = _place(options, dialogue)
    identity = BoardIdentity.new(options.id, options.role, checked.chip)
    card = options.cards / f"{identity.board.id}.json"
    dialogue.say("asking", port=name)
    with esp.connected(name, options.baud, dialogue.progress("writing")) as loader:
        if loader.chip.name != checked.chip.name:
            raise FlashError("wrong_chip", port=name, found=loader.chip.title, wanted=checked.chip.title)
        size = loader.flash_size()
        content = _content(checked, identity, place, loader.chip, size)
        dialogue.say("erases", chip=loader.chip.title, mac=loader.mac, port=name)
        dialogue.say("flash", size=size >> 20)
        dialogue.confirm("sure")
        identity.keep(card)
        loader.write(content)
        dialogue.say("written")
        loader.start()
    _register(options, dialogue, card)
    _print_label(options, dialogue, identity)
    if place.ssid:
        _check(name, place, dialogue, card)
    else:
        dialogue.say("no_wifi")


def _port(options: argparse.Namespace, dialogue: Dialogue) -> str:
    """The port that was named, or the only one there is when the person says yes to it; checked."""
    name: str | None = options.port
    if not name:
        found = here.without_meters(port.candidates()) if options.here else port.candidates()
        if len(found) != 1 or not sys.stdin.isatty() or options.yes:
            raise FlashError("which_port")
        dialogue.confirm("use_port", port=found[0][0], title=found[0][1])
        name = found[0][0]
    port.check(name)
    return name


def _place(options: argparse.Namespace, dialogue: Dialogue) -> GatewayAddress:
    if not options.id:
        raise FlashError("no_identity")
    if not options.broker:
        raise FlashError("no_broker")
    ca = certificate(options.ca) if options.ca else None
    if ca and not options.broker_name and _is_address(options.broker):
        raise FlashError("no_broker_name", host=options.broker)
    password = ""
    if options.wifi:
        password = wifi_password(
            dialogue.secret("wifi", options.wifi_password_file, "--wifi-password-file", ssid=options.wifi)
        )
    return GatewayAddress(
        host=options.broker,
        port=options.broker_port or (_TLS_PORT if ca else _PLAIN_PORT),
        ca=ca,
        name=options.broker_name,
        ssid=options.wifi,
        wifi_password=password,
        tables=own_tables(options.settings) if options.settings else {},
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _content(
    checked: firmware.Firmware, identity: BoardIdentity, place: GatewayAddress, chip: Chip, flash_size: int
) -> bytes:
    """The whole flash of this board."""
    built = files.build_set(chip)
    held = {**files.launcher(chip), **identity.files(place, chip)}
    held |= {f"a/{name}": content for name, content in built.files.items()}
    # The last one: a folder with its manifest is whole.
    held["a/manifest.json"] = built.manifest(identity.board.id, 0)
    return firmware.whole_flash(checked, held, flash_size)


def _register(options: argparse.Namespace, dialogue: Dialogue, card: object) -> None:
    if not options.register:
        dialogue.say("register", card=card)
        print(f"    {_REGISTER.format(card=card)}", file=dialogue.out)
        return
    from gateway.commands.main import main  # noqa: PLC0415 (only on the Pi itself)

    if main(["board", "add", str(card), "--config", str(options.register)]):
        raise FlashError("register", said=_REGISTER.format(card=card))
    if options.here:
        here.let_in()
    dialogue.say("registered")


_REGISTER = "sudo linky-gateway board add {card}"


def _print_label(options: argparse.Namespace, dialogue: Dialogue, identity: BoardIdentity) -> None:
    sheet = Sheet(identity.board, CHIPS[identity.board.chip].title, dialogue.language)
    written = sheet.write(options.cards)
    dialogue.say("label", files=", ".join(str(path) for path in written))
    print(sheet.text(), file=dialogue.out)
    if dialogue.out.isatty():
        sheet.qr().terminal(dialogue.out, compact=True)


def _check(name: str, place: GatewayAddress, dialogue: Dialogue, card: object) -> None:
    """Does the board get home? What does not work is said with what to do; the board is flashed all the same."""
    dialogue.say("trying")
    with repl.connected(name) as prompt:
        said = prompt.run("import sys\nsys.path.insert(0, '/a/lib')\nimport check\ncheck.get_home()").splitlines()[-1]
        prompt.restart()
    what, _, why = said.partition(" ")
    if what == "home":
        dialogue.say("home")
        return
    if what == "wifi":
        ending = "wrong_password" if why.endswith("wrong password") else "no_answer"
        key = "wifi_not_found" if why.endswith("not found") else f"wifi_{ending}"
    else:
        key = f"broker_{what}" if what in {"clock", "certificate", "refused"} else "broker_no_answer"
    raise FlashError(key, ssid=place.ssid, host=place.host, line=_REGISTER.format(card=card), said=why)
