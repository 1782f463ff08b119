"""Asks the helper for whatever comes to mind, as one user: ``python3 helper.py SOCKET SECONDS SEED``, on its own.

What may be done is said here a second time (``fits``), by hand and not by the helper's own types: an answer that says
"done" to anything else is a find. Nothing of ours is imported, so that any user can run it in a container.
"""

from __future__ import annotations

import json
import random
import re
import socket
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Arguments = dict[str, object]

# What would end the machine is masked by whoever starts this; what would join a network finds no radio.
_SEEDS: tuple[dict[str, object], ...] = (
    {"act": "restart-unit", "unit": "linky-display.service"},
    {"act": "set-secret", "name": "display-password", "value": "correct horse"},
    {"act": "set-secret", "name": "backup-passphrase", "value": None},
    {"act": "set-secret", "name": "notices/mail", "value": "x"},
    {"act": "set-wifi", "name": "Livebox", "key": "12345678", "country": "FR", "hidden": False},
    {"act": "choose-wifi", "name": "Livebox", "key": "12345678"},
    {"act": "make-certificate", "names": ["router.local", "linky.example.org"]},
    {"act": "install-update", "version": "../0.2.0"},
    {"act": "restore-backup", "passphrase": "correct horse battery"},
    {"act": "back-up"},
    {"act": "reboot"},
    {"act": "shut-down"},
)
_WORDS: tuple[object, ...] = (
    *("reboot", "shut-down", "set-secret", "set-wifi", "restart-unit", "install-update", "make-certificate", "", "act"),
    *("ssh.service", "linky-gateway.service", "mosquitto.service", "-h", "; reboot", "$(reboot)", "`reboot`", "a\nb"),
    *("xmpp-password", "../../shadow", "/etc/shadow", "notices/../x", "notices/" + "a" * 40, "x\0", "\ud800", "é" * 40),
    *(None, True, 0, -1, 2**70, 1e308, [], {}, ["mosquitto.service"], {"act": "reboot"}, "x" * 5000, "x" * 9000),
)
_KEYS = (
    "act",
    "unit",
    "name",
    "value",
    "key",
    "country",
    "hidden",
    "root",
    "tell",
    "names",
    "version",
    "passphrase",
    "",
)
# What is asked for in the list, by hand: name of an argument -> whether it must be there, and what it may be.
NAMES = re.compile(r"(xmpp|mqtt|display)-password|backup-passphrase|notices/[a-z0-9][a-z0-9-]{0,31}")
_VERSION = re.compile("[0-9][0-9A-Za-z.+!]{0,49}")
_UNPRINTED = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
_UNITS = {"linky-gateway.service", "linky-display.service", "mosquitto.service"}
_LONGEST_S, _MOST_BYTES, _MOST_KEPT = 20.0, 8192, 5


def fits(line: bytes) -> bool:
    """Whether the helper may say "done" to this line."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(asked, dict) or not line.endswith(b"\n") or len(line) > _MOST_BYTES + 1:
        return False
    arguments = dict(asked)
    check = _LIST.get(str(arguments.pop("act", "")))
    return check is not None and check(arguments)


def _nothing(arguments: Arguments) -> bool:
    return not arguments


def _unit(arguments: Arguments) -> bool:
    return arguments.keys() == {"unit"} and arguments["unit"] in list(_UNITS)


def _version(arguments: Arguments) -> bool:
    return arguments.keys() == {"version"} and bool(_VERSION.fullmatch(str(arguments["version"])))


def _names(arguments: Arguments) -> bool:
    names, own = arguments.get("names"), f"{socket.gethostname()}.".lower()
    return isinstance(names, list) and 1 <= len(names) <= 8 and all(str(name).startswith(own) for name in names)


def _secret(arguments: Arguments) -> bool:
    if arguments.keys() != {"name", "value"} or not NAMES.fullmatch(str(arguments["name"])):
        return False
    value = arguments["value"]
    return value is None or (isinstance(value, str) and 1 <= len(value) <= 1000 and not _UNPRINTED.search(value))


def _passphrase(arguments: Arguments) -> bool:
    value = arguments.get("passphrase")
    one_line = isinstance(value, str) and 1 <= len(value) <= 256 and not _UNPRINTED.search(value)
    return arguments.keys() == {"passphrase"} and one_line


def _wifi(arguments: Arguments) -> bool:
    return {"name", "key"} <= arguments.keys() <= {"name", "key", "country", "hidden"}


_LIST: dict[str, Callable[[Arguments], bool]] = {
    "back-up": _nothing,
    "choose-wifi": _wifi,
    "install-update": _version,
    "make-certificate": _names,
    "reboot": _nothing,
    "restart-unit": _unit,
    "restore-backup": _passphrase,
    "set-secret": _secret,
    "set-wifi": _wifi,
    "shut-down": _nothing,
}


def line_of(chance: random.Random) -> bytes:
    """Something to ask: of the list, nearly so, or nothing at all."""
    asked = dict(chance.choice(_SEEDS))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 4))):
        key = chance.choice((*asked, *_KEYS))
        if chance.random() < 0.3:
            asked.pop(key, None)
        else:
            asked[key] = chance.choice(_WORDS)
    data = bytearray(json.dumps(asked, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass") + b"\n")
    for _ in range(chance.choice((0, 0, 0, 1, 3, 20))):
        at = chance.randrange(len(data) + 1)
        injury = chance.randrange(4)
        if injury == 0:
            data[at:at] = chance.randbytes(chance.choice((1, 1, 8, 400)))
        elif injury == 1:
            del data[at : at + chance.choice((1, 4, 400))]
        elif injury == 2 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        else:
            data[at:at] = chance.choice((b"[", b"{", b'"', b"\0", b"\n", b"[" * 3000, b'{"act":' * 200))
    return bytes(data)


def ask(path: str, data: bytes, chance: random.Random) -> str:
    """What comes of it: done, refused, busy, silent, denied."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_LONGEST_S)
        try:
            link.connect(path)
        except OSError:
            return "denied"
        try:
            link.sendall(data)
            if chance.random() < 0.1:
                return "left"
            link.shutdown(socket.SHUT_WR)
            answer = b""
            while more := link.recv(65_536):
                answer += more
        except TimeoutError:
            return "silent"
        except OSError:
            # It was sent away before it had said all.
            return "cut"
    try:
        last = json.loads(answer.splitlines()[-1])
    except (ValueError, IndexError):
        return "cut"
    return "done" if last["done"] else "refused"


def main() -> int:
    """Until the time is over; what came of it, as JSON, and 1 where something was done that is not in the list."""
    path, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    chance, counts, found, longest = random.Random(seed), Counter[str](), list[str](), 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data, begun = line_of(chance), time.monotonic()
        what = ask(path, data, chance)
        counts[what] += 1
        longest = max(longest, time.monotonic() - begun)
        # Of a request only its first line is one; two of a name are as the helper takes them.
        if what == "done" and not fits(data.split(b"\n", 1)[0] + b"\n") and data.count(b'"act"') == 1:
            found.append(repr(data[:300]))
    print(json.dumps({"counts": counts, "longest_s": round(longest, 3), "found": found[:_MOST_KEPT]}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
