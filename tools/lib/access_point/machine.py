"""A machine with three radios in its kernel: the gateway's, a phone's, a box's; the last two in networks of their own.

The package, its units and NetworkManager are the real ones; the phone is wpa_supplicant and udhcpc, the box hostapd and
dnsmasq. What is simulated is the air (mac80211_hwsim). A cable leads from the box to where the trial runs: a browser
there is in the household's network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image.errors import run
from late_adapter.trial import EmulatedPc
from servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from late_adapter.disk import EmulatorDisk

NAME, LABEL = "maison-7", "KQ7M-3XWP-ZR5T"
BOX, KEY, BOX_ADDRESS = "Livebox-1234", "nuage-vert-7-tram", "192.168.77.1"
PAGE_PORT = 8080
# Of the emulator's own network: what is asked of the trial's machine comes to this address.
_CABLE = "10.0.2.15"
PACKAGES = (
    "network-manager", "dnsmasq-base", "wpasupplicant", "hostapd", "iw", "rfkill", "wireless-regdb", "busybox", "curl",
    "nftables", "polkitd", "iproute2",
)  # fmt: skip
_CONFIG = """
[[meter]]
source = "/dev/ttyTIC"
clock = "meter"
[store]
commit_interval_s = 1
[web]
"""
# The radios of the phone and of the box leave the machine's own network before NetworkManager sees them.
_RIG = f"""#!/bin/sh
set -eu
modprobe mac80211_hwsim radios=3
modprobe virtio_net
for place in phone box; do ip netns add $place; ip -n $place link set lo up; done
for pair in phone:wlan1 box:wlan2; do
  iw phy "phy$(cat /sys/class/net/${{pair#*:}}/phy80211/index)" set netns name "${{pair%:*}}"
done
ip -n box addr add {BOX_ADDRESS}/24 dev wlan2
ip link set eth0 netns box
ip -n box addr add {_CABLE}/24 dev eth0
ip -n box link set eth0 up
ip netns exec box sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
ip netns exec box hostapd -B /etc/rig/hostapd.conf
ip netns exec box dnsmasq --conf-file=/dev/null --interface=wlan2 --bind-interfaces --port=0 \\
  --dhcp-range=192.168.77.10,192.168.77.50,1h --pid-file=/run/box-dnsmasq.pid
"""
# What comes by the cable goes on to the gateway, as from the box itself.
_TO_GATEWAY = """table ip cable {{
  chain arrives {{ type nat hook prerouting priority dstnat; iifname "eth0" tcp dport {port} dnat to {address}; }}
  chain leaves {{ type nat hook postrouting priority srcnat; oifname "wlan2" masquerade; }}
}}"""
_UNIT = """[Unit]
After=systemd-modules-load.service
Before=NetworkManager.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/etc/rig/start
[Install]
WantedBy=multi-user.target
"""
_HOSTAPD = f"""interface=wlan2
ssid={BOX}
hw_mode=g
channel=1
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_passphrase={KEY}
"""
_PHONE = f"""ctrl_interface=/run/phone
network={{
  ssid="{NAME}"
  psk="{LABEL}"
  key_mgmt=WPA-PSK
}}
"""
# As a phone takes an address and who answers for names.
_DHCP = """#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route replace default via "$router"
echo "nameserver ${dns%% *}" >/etc/netns/phone/resolv.conf
"""
_FILES = {
    "etc/hostname": (f"{NAME}\n", 0o644),
    "etc/hosts": (f"127.0.0.1\tlocalhost\n127.0.1.1\t{NAME}\n", 0o644),
    "etc/linky-gateway/gateway.toml": (_CONFIG, 0o644),
    "etc/linky-gateway/secrets/access-point-key": (f"{LABEL}\n", 0o600),
    "etc/rig/start": (_RIG, 0o755),
    "etc/rig/hostapd.conf": (_HOSTAPD, 0o600),
    "etc/rig/phone.conf": (_PHONE, 0o600),
    "etc/rig/dhcp": (_DHCP, 0o755),
    "etc/netns/phone/resolv.conf": ("", 0o644),
    "etc/systemd/system/rig.service": (_UNIT, 0o644),
    # A busy machine emulates slowly.
    "etc/systemd/system/linky-gateway.service.d/patient.conf": (
        "[Service]\nTimeoutStartSec=15min\nWatchdogSec=10min\n", 0o644,
    ),
}  # fmt: skip


def finish(root: Path) -> None:
    """Put all of it into the root, and have it start."""
    for name, (text, mode) in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    (root / "etc/linky-gateway/secrets").chmod(0o700)
    run("systemctl", f"--root={root}", "--quiet", "enable", "rig.service", "linky-gateway-access-point.service")


class EmulatedHouse(EmulatedPc):
    """The machine with its radios, and the box's cable: ``page`` is the port of this machine that leads to the page."""

    def __init__(self, disk: EmulatorDisk, work: Path, meter: str, more: str = "") -> None:
        # The cable's name is the kernel's own.
        super().__init__(disk, work, meter, f"{more} net.ifnames=0")
        self.page = free_port()

    def network(self) -> list[str]:
        """No way out of the house."""
        forward = f"hostfwd=tcp:127.0.0.1:{self.page}-{_CABLE}:{PAGE_PORT}"
        return ["-netdev", f"user,id=net,restrict=on,{forward}", "-device", "virtio-net-pci,netdev=net,romfile="]

    def lead_to(self, address: str) -> tuple[int, str]:
        """Have the box hand on what comes by the cable to the gateway, which has that address in the household."""
        rules = _TO_GATEWAY.format(port=PAGE_PORT, address=address)
        return self.do(f"ip netns exec box nft -f - <<'END'\n{rules}\nEND")
