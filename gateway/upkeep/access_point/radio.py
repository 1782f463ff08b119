"""The machine's radio by NetworkManager: what is within reach, and a network of its own, begun and ended.

Names of networks are bytes of strangers: asked for in hexadecimal, bounded, and left out where they are no text. The
network of its own leads nowhere: names are answered with this machine, what comes in is the page or is refused, and
nothing is handed on (nftables). What was tried of NetworkManager, wpa_supplicant and dnsmasq stands in README.md.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.files import make_folder, write_whole
from gateway.first_boot import checks
from gateway.upkeep import OWN_ADDRESS
from gateway.upkeep.access_point.state import FOLDER, SeenWifi
from gateway.upkeep.helper.systemctl import run

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

_NMCLI, _NFT = "usr/bin/nmcli", "usr/sbin/nft"
OWN = "linky-access-point"
# In memory: after a power cut there is none.
_PROFILE = f"run/NetworkManager/system-connections/{OWN}.nmconnection"
_NAMES = f"etc/NetworkManager/dnsmasq-shared.d/{OWN}.conf"
_RULES, _TABLE = f"{FOLDER}/rules.nft", "linky_access_point"
_UP_S, _SCAN_S = 45.0, 30.0
_MOST_SEEN = 40
# What leads out of the house; bridges, tunnels and the like lie on one of them.
_LINKS = {"ethernet", "wifi", "gsm", "cdma"}
# As the unit sees them: of /proc it has what is of processes alone.
_ROUTES, _ROUTES6 = "proc/self/net/route", "proc/self/net/ipv6_route"
_USED, _REFUSING = 0x0001, 0x0200
# The first Pi Zero W, whose radio makes an open one alone (raspberrypi/linux#7247).
_MODEL, _KEYLESS = "sys/firmware/devicetree/base/model", b"Raspberry Pi Zero W"


def device(root: Path) -> str | None:
    """The first device for Wi-Fi that NetworkManager keeps."""
    found = [name for name, kind, state, _ in _devices(root) if kind == "wifi" and state != "unmanaged"]
    return found[0] if found else None


def is_connected(root: Path) -> bool:
    """Whether the machine is in a network: by what NetworkManager keeps, or by a way out that somebody else made."""
    return _has_way_out(root) or any(
        kind in _LINKS and state.startswith("connected") and profile != OWN
        for _, kind, state, profile in _devices(root)
    )


def knows_wifi(root: Path) -> bool:
    """Whether NetworkManager has a profile of any Wi-Fi but the one of its own."""
    said = run(root, _NMCLI, "-t", "-f", "TYPE,NAME", "connection", "show")
    rows = (line.partition(":") for line in said.splitlines())
    return any("wireless" in kind and name != OWN for kind, _, name in rows)


def makes_no_key(root: Path, interface: str) -> bool:
    """Whether the radio is known to make no access point with a key: by its model, or by NetworkManager's word."""
    with suppress(OSError):
        if (root / _MODEL).read_bytes().startswith(_KEYLESS):
            return True
    with suppress(GatewayError):
        said = run(root, _NMCLI, "-t", "-f", "WIFI-PROPERTIES", "device", "show", interface)
        return "WIFI-PROPERTIES.WPA2:no" in said.splitlines()
    return False


def is_open(root: Path) -> bool:
    """Whether the network of its own is there."""
    return any(state == "connected" and profile == OWN for _, _, state, profile in _devices(root))


def _is_begun(root: Path) -> bool:
    return any(profile == OWN for _, _, _, profile in _devices(root))


def scan(root: Path, interface: str) -> tuple[SeenWifi, ...]:
    """What is within reach, the best heard first, each name once. GatewayError where that cannot be asked."""
    words = ("-t", "-f", "SSID-HEX,SIGNAL,SECURITY", "device", "wifi", "list", "ifname", interface, "--rescan", "yes")
    return seen_in(run(root, _NMCLI, *words, longest_s=_SCAN_S))


def seen_in(said: str) -> tuple[SeenWifi, ...]:
    """The same of what nmcli has said."""
    found: dict[str, SeenWifi] = {}
    for line in said.splitlines():
        spelt, _, rest = line.partition(":")
        signal, _, security = rest.partition(":")
        name = _name(spelt)
        if name is None or not (signal.isascii() and signal.isdigit()):
            continue
        seen = SeenWifi(name=name, signal=min(int(signal[:4]), 100), kind=_kind(security))
        if name not in found or found[name].signal < seen.signal:
            found[name] = seen
    return tuple(sorted(found.values(), key=lambda one: (-one.signal, one.name))[:_MOST_SEEN])


def open_own(root: Path, interface: str, name: str, key: str | None, port: int) -> None:
    """Begin it, with that key, or open for None; tried twice. GatewayError where it cannot be."""
    run(root, _NMCLI, "radio", "wifi", "on")
    _write(root / _NAMES, f"address=/#/{OWN_ADDRESS}\n", 0o644)
    _write(root / _RULES, rules(interface, port), 0o600)
    run(root, _NFT, "-f", f"/{_RULES}" if str(root) == "/" else str(root / _RULES))
    _write(root / _PROFILE, profile(interface, name, key), 0o600)
    try:
        _up(root)
    except GatewayError as error:
        # Never without the key that it was to have: one that fails is not one that the radio cannot make.
        log.warning("the access point did not begin, and is tried once more: %s", error)
        _up(root)


def _up(root: Path) -> None:
    run(root, _NMCLI, "connection", "load", f"/{_PROFILE}")
    run(root, _NMCLI, "--wait", f"{_UP_S:.0f}", "connection", "up", "id", OWN, longest_s=_UP_S + 5)


def close_own(root: Path) -> bool:
    """End it, whatever of it is there; whether it has ended. Its names go, its rules only once it has."""
    for _ in range(2):
        with suppress(GatewayError):
            if not _is_begun(root):
                break
            run(root, _NMCLI, "connection", "down", "id", OWN)
    for file in (_PROFILE, _NAMES, _RULES):
        with suppress(OSError):
            (root / file).unlink(missing_ok=True)
    with suppress(GatewayError):
        run(root, _NMCLI, "connection", "reload")
    try:
        if _is_begun(root):
            return False
    except GatewayError:
        return False
    with suppress(GatewayError):
        run(root, _NFT, "delete", "table", "inet", _TABLE)
    return True


def profile(interface: str, name: str, key: str | None) -> str:
    """The network of its own in NetworkManager's form (nm-settings-keyfile(5))."""
    ssid = "".join(f"{byte};" for byte in name.encode())
    lines = ["[connection]", f"id={OWN}", f"uuid={uuid.uuid5(uuid.NAMESPACE_URL, 'urn:linky-gateway:access-point')}"]
    lines += ["type=wifi", "autoconnect=false", f"interface-name={interface}"]
    # Guests do not see each other. Channel 6 is allowed wherever a country was not said yet.
    lines += ["", "[wifi]", "mode=ap", f"ssid={ssid}", "band=bg", "channel=6", "ap-isolation=1"]
    if key:
        # "pmf=1" is off: a Raspberry Pi's radio does not do it here, and nobody could join (raspberrypi/linux#3619).
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", "proto=rsn", "pairwise=ccmp", "group=ccmp", "pmf=1"]
        lines += [f"psk={key}"]
    lines += ["", "[ipv4]", "method=shared", f"address1={OWN_ADDRESS}/24", "", "[ipv6]", "method=disabled", ""]
    return "\n".join(lines)


def rules(interface: str, port: int) -> str:
    """Of what comes in there: an address, names, the page at port 80; the rest is refused, and nothing goes on.

    Only what is sent to the access point's own address: this machine takes what is sent to any of its addresses.
    """
    # Made before it is deleted, so that it is there to be: nft 1.0.6 has no other word for it.
    return f"""table inet {_TABLE}
delete table inet {_TABLE}
table inet {_TABLE} {{
  chain to_page {{
    type nat hook prerouting priority dstnat; policy accept;
    iifname "{interface}" ip daddr {OWN_ADDRESS} tcp dport 80 redirect to :{port}
  }}
  chain in {{
    type filter hook input priority filter; policy accept;
    iifname != "{interface}" accept
    meta nfproto ipv6 drop
    udp dport 67 accept
    ip daddr != {OWN_ADDRESS} drop
    ct state established,related accept
    udp dport 53 accept
    tcp dport {{ 53, {port} }} accept
    meta l4proto icmp accept
    meta l4proto tcp reject with tcp reset
    drop
  }}
  chain on {{
    type filter hook forward priority filter; policy accept;
    iifname "{interface}" drop
    oifname "{interface}" drop
  }}
}}
"""


def _has_way_out(root: Path) -> bool:
    """Whether the kernel has a route to everywhere, whoever made it (ifupdown, systemd-networkd, dhcpcd, a modem)."""
    found = [(row[3], row[1] + row[7]) for row in _rows(root / _ROUTES) if len(row) > 7]
    found += [(row[8], row[0] + row[1]) for row in _rows(root / _ROUTES6) if len(row) > 9 and row[9] != "lo"]
    flags = [int(flags, 16) for flags, to in found if not to.strip("0")]
    return any(one & _USED and not one & _REFUSING for one in flags)


def _rows(file: Path) -> list[list[str]]:
    try:
        return [line.split() for line in file.read_text(encoding="ascii").splitlines()]
    except (OSError, ValueError):
        return []


def _devices(root: Path) -> list[tuple[str, str, str, str]]:
    said = run(root, _NMCLI, "-t", "-f", "DEVICE,TYPE,STATE,CONNECTION", "device")
    rows = [line.split(":", 3) for line in said.splitlines()]
    return [(row[0], row[1], row[2], row[3]) for row in rows if len(row) == 4]


def _name(spelt: str) -> str | None:
    try:
        name = bytes.fromhex(spelt[:128]).decode()
    except ValueError:
        return None
    return None if checks.wifi_name(name) or checks.invisible(name) or not name.strip() else name


def _kind(security: str) -> str:
    words = set(security.split()) - {"--"}
    if not words:
        return "open"
    return "key" if words & {"WPA1", "WPA2"} and "802.1X" not in words else "other"


def _write(file: Path, text: str, mode: int) -> None:
    make_folder(file.parent, 0o755)
    write_whole(file, text.encode(), mode)
