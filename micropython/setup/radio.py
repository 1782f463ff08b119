"""The board's own Wi-Fi for the set-up, and what is in the air. With lib/board.py the only file that needs an ESP32."""

import network

ADDRESS = "192.168.4.1"

_WPA2 = 3  # one number under names that change: network.AUTH_WPA2_PSK, WLAN.SEC_WPA2


def open_access_point(name, passphrase):
    """Open the board's own Wi-Fi, WPA2."""
    point = network.WLAN(network.AP_IF)
    point.active(True)
    point.config(ssid=name, password=passphrase, security=_WPA2, max_clients=4)
    point.ifconfig((ADDRESS, "255.255.255.0", ADDRESS, ADDRESS))


def networks():
    """What can be joined, as (name, dBm), the strongest first, each name once."""
    station = network.WLAN(network.STA_IF)
    station.active(True)
    found = {}
    for ssid, _bssid, _channel, dbm, _security, _hidden in station.scan():
        try:
            name = ssid.decode()
        except UnicodeError:
            continue
        if name and dbm > found.get(name, -999):
            found[name] = dbm
    return sorted(found.items(), key=lambda entry: -entry[1])[:12]
