"""lib/board.py itself joins a Wi-Fi, with modules that stand for an ESP32's: wifi_on_board.py REASON...; prints the outcome.

``Wlan`` stands for the station of micropython/micropython, ports/esp32/network_wlan.c, v1.28.0 (the handler of
WIFI_EVENT_STA_DISCONNECTED, network_wlan_status, ``reconnects`` of network_wlan_config); the reasons are those of
espressif/esp-idf, components/esp_wifi/include/esp_wifi_types_generic.h, v5.5. REASON is what each attempt comes to, 0 for
"connected"; the last one goes on for ever. In what it differs: an attempt takes no time, there is no radio.
"""

import asyncio
import sys

REASONS = [int(word) for word in sys.argv[1:]]
CONNECTING, GOT_IP, IDLE, NO_AP, AUTH_FAIL, CONNECTION_FAIL, LEAVE = 1001, 1010, 1000, 201, 202, 205, 8


class Wlan:
    def __init__(self, _interface):
        self._reason, self._requested, self._connected, self._tries, self._most = 0, False, False, 0, 0

    def active(self, _on):
        pass

    def isconnected(self):
        if self._requested and not self._connected and (not self._most or self._tries < self._most):
            self._reason = REASONS.pop(0) if len(REASONS) > 1 else REASONS[0]
            self._connected = not self._reason
            self._tries += 1
        return self._connected

    def disconnect(self):
        self._requested, self._connected, self._reason = False, False, LEAVE

    def config(self, reconnects):
        self._most = 0 if reconnects == -1 else reconnects + 1

    def connect(self, _ssid, _password):
        self._requested, self._tries = True, 0

    def status(self):
        if self._connected:
            return GOT_IP
        if self._reason in (NO_AP, AUTH_FAIL):
            return self._reason
        if self._reason == CONNECTION_FAIL:
            return AUTH_FAIL
        if self._reason == LEAVE:
            return IDLE
        if self._requested and (not self._most or self._tries < self._most):
            return CONNECTING
        return self._reason or IDLE


class Module:
    WLAN, STA_IF = Wlan, 0
    STAT_WRONG_PASSWORD, STAT_NO_AP_FOUND = AUTH_FAIL, NO_AP


sys.modules["machine"] = sys.modules["network"] = Module
import board

board._JOIN_S = 1
try:
    asyncio.run(board.join({"ssid": "Maison", "password": "motdepasse"}))
    print("joined")
except OSError as error:
    print(error)
