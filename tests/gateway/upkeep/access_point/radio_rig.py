"""A machine with a radio, without one: programs that answer as nmcli and nft do, over a scratch root.

As measured of NetworkManager 1.52.1 (Debian 13) with mac80211_hwsim: a wrong key is "Secrets were required, but not
provided" and takes an access point of the same radio down; a name that nobody has is not found; a profile that is up is
the device's only one. What differs: nothing takes time, and no packet goes anywhere.
"""

import json
from pathlib import Path

# A program of its own, as the product calls it: its memory is a file beside it.
_NMCLI = """#!/usr/bin/python3 -IS
import json, re, sys
from pathlib import Path
root = Path(sys.argv[0]).resolve().parents[2]
file = root / "radio.json"
memory, words = json.loads(file.read_text()), sys.argv[1:]
memory["told"].append(words)
def end(code=0, said="", wrong=""):
    file.write_text(json.dumps(memory))
    print(said, end="")
    print(wrong, end="", file=sys.stderr)
    sys.exit(code)
def profile(name):
    for folder in ("run", "etc"):
        path = root / folder / "NetworkManager/system-connections" / f"{name}.nmconnection"
        if path.exists():
            return dict(re.findall(r"^([a-z-]+)=(.*)$", path.read_text(), re.M))
    end(10, wrong=f"Error: unknown connection '{name}'.")
if memory["hiccups"] and (words[-1:] == ["device"] or "show" in words):
    memory["hiccups"] -= 1
    end(8, wrong="Error: NetworkManager is not running.")
if words[-2:] == ["connection", "show"]:
    stored = [path.stem for path in (root / "etc/NetworkManager/system-connections").glob("*.nmconnection")]
    rows = ["802-3-ethernet:Wired connection 1", *(f"802-11-wireless:{name}" for name in stored)]
    end(said="".join(f"{row}\\n" for row in rows))
if "WIFI-PROPERTIES" in words:
    end(said=f"WIFI-PROPERTIES.AP:yes\\nWIFI-PROPERTIES.WPA2:{memory['wpa2']}\\n")
if words[-1:] == ["device"]:
    rows = [("lo", "loopback", "connected (externally)", "lo")]
    cable = ("connected", "Wired") if memory["cable"] is True else (memory["cable"] or "unavailable", "")
    rows.append((memory["socket"], memory["link"], *cable))
    if memory["radio"]:
        rows.append(("wlan0", "wifi", "connected" if memory["up"] else "disconnected", memory["up"]))
    end(said="".join(":".join(row) + "\\n" for row in rows))
if "list" in words:
    if memory["up"] and memory["deaf_as_access_point"]:
        end(1, wrong="Error: Device is busy.")
    rows = [f"{n.encode().hex().upper()}:{s}:{k}\\n" for n, (s, k, _) in memory["near"].items()]
    end(said="".join(rows + memory["odd"]))
if "up" in words:
    name = words[words.index("id") + 1]
    said, memory["up"] = profile(name), ""
    if said.get("mode") == "ap":
        if memory["failing"]:
            memory["failing"] -= 1
            end(4, wrong="Error: Connection activation failed: The Wi-Fi network could not be started.")
        memory["up"] = name
        memory["opened"].append([name, said.get("psk", "")])
        end()
    ssid = bytes(map(int, said["ssid"].strip(";").split(";"))).decode()
    if ssid not in memory["near"]:
        end(4, wrong="Error: Connection activation failed: The Wi-Fi network could not be found")
    key = memory["near"][ssid][2]
    if said.get("psk", "") != key:
        end(4, wrong="Error: Connection activation failed: (7) Secrets were required, but not provided.")
    memory["up"] = name
    end()
if "down" in words:
    if memory["stuck"]:
        end(4, wrong="Error: Timeout expired (10 seconds)")
    memory["up"] = ""
end()
"""
_NFT = """#!/bin/sh
echo "$@" >>"$0.said"
"""
BOX, KEY = "Livebox-1234", "nuage-vert-7-tram"


class RadioRig:
    """The scratch root; what is near is name -> signal, what nmcli says of its security, its key."""

    def __init__(self, root, **memory):
        self.root = root
        for name, text in (("usr/bin/nmcli", _NMCLI), ("usr/sbin/nft", _NFT)):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        (root / "proc/self/net").mkdir(parents=True)
        for folder in ("etc/NetworkManager/system-connections", "etc/modprobe.d", "run/linky-gateway-access-point"):
            (root / folder).mkdir(parents=True)
        near = {BOX: (82, "WPA2", KEY), "Freebox <b>été</b>": (40, "WPA1 WPA2", "x" * 12), "Café": (30, "", "")}
        self.file = root / "radio.json"
        self.keep(
            {
                "told": [], "opened": [], "near": near, "odd": [], "up": "", "cable": False, "radio": True,
                "wpa2": "yes", "deaf_as_access_point": True, "hiccups": 0, "failing": 0, "stuck": False,
                "socket": "end0", "link": "ethernet",
            }
            | memory
        )  # fmt: skip

    @property
    def memory(self):
        return json.loads(self.file.read_text())

    def keep(self, memory):
        draft = Path(f"{self.file}.draft")
        draft.write_text(json.dumps(memory))
        draft.replace(self.file)

    def change(self, **memory):
        self.keep(self.memory | memory)

    @property
    def nft_told(self):
        said = self.root / "usr/sbin/nft.said"
        return said.read_text().splitlines() if said.exists() else []
