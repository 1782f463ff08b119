"""Everything that only a real ESP32 has: Wi-Fi, UART, pins, watchdog, clock. Nothing else imports ``machine``.

The tests put a file of the same functions in its place, over a pty and the host's network.
"""

import asyncio
import os
import time

import machine
import network

# How long a network may take to let us in, and how often it is asked again: while MicroPython asks for ever, all it
# says of a handshake that fails is that it is under way (ports/esp32/network_wlan.c, network_wlan_status).
_JOIN_S = 20
_TRIES_AGAIN = 2

# What a wrong password comes to, by the access point: refused, or a handshake without end (ESP-IDF, wifi_err_reason_t:
# 4WAY_HANDSHAKE_TIMEOUT, HANDSHAKE_TIMEOUT).
_WRONG_PASSWORD = (getattr(network, "STAT_WRONG_PASSWORD", None), 15, 204)

# Without a sign of life from the program for this long the board starts anew.
_WATCHDOG_MS = 60_000

# 17 s of a standard meter: a TLS handshake, a name to resolve or a flash block to erase may keep the program for some.
_UART_BYTES = 16_384

# 1970 to 2000, where this port's clock begins.
_EPOCH_S = 946_684_800 if time.gmtime(0)[0] == 2000 else 0

# What lies in the memory of the clock once somebody has said the time: both outlive a new start, neither a power cut.
_SAID = b"said"

FOLDER = "/"

_station = network.WLAN(network.STA_IF)


async def join(wifi):
    """Be in the Wi-Fi network; OSError with a reason when that fails."""
    if _station.isconnected():
        return
    _station.active(True)
    try:
        _station.disconnect()
    except OSError:
        pass  # it was in none
    _station.config(reconnects=_TRIES_AGAIN)
    _station.connect(wifi["ssid"], wifi["password"])
    for _ in range(_JOIN_S * 10):
        if _station.isconnected():
            return
        await asyncio.sleep_ms(100)
    status = _station.status()
    if status in _WRONG_PASSWORD:
        raise OSError("Wi-Fi %s: wrong password" % wifi["ssid"])
    if status == getattr(network, "STAT_NO_AP_FOUND", None):
        raise OSError("Wi-Fi %s: not found" % wifi["ssid"])
    raise OSError("Wi-Fi %s: not reached (%s)" % (wifi["ssid"], status))


def signal_dbm():
    """How strong the Wi-Fi is, in dBm; None when there is none."""
    try:
        return _station.status("rssi")
    except (OSError, RuntimeError):
        return None


def open_uart(relay, speed):
    """The port of the meter. 8N1: MicroPython passes bytes of wrong parity on, so the parity is checked by us."""
    invert = machine.UART.INV_RX if relay["invert"] else 0
    tx = free_output(os.uname().machine, relay) if relay["tx"] is None else relay["tx"]
    return machine.UART(
        relay["uart"],
        speed,
        bits=8,
        parity=None,
        stop=1,
        rx=relay["rx"],
        tx=tx,
        rxbuf=_UART_BYTES,
        timeout=0,
        invert=invert,
    )


def free_output(chip, relay):
    """A pin for the output that the UART has and nobody wants, where config.json names none.

    Left out, MicroPython takes 17 or 10, which may be the flash's (v1.28.0, ports/esp32/machine_uart.c).
    """
    free = (32, 33) if chip.endswith("with ESP32") else (10, 7)
    return free[0] if free[0] not in (relay["rx"], relay["led"]) else free[1]


def open_led(pin):
    """A function that switches the LED on this pin on (True) and off."""
    led = machine.Pin(pin, machine.Pin.OUT, value=0)
    return led.value


def boot_button(pin):
    """A function that says whether the button BOOT, on this pin, is pressed."""
    button = machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)
    return lambda: not button.value()


def start_watchdog():
    """A function to call while all is well; without it the board starts anew after a minute."""
    return machine.WDT(timeout=_WATCHDOG_MS).feed


def restart():
    """Start the board anew."""
    machine.reset()


def clock_s():
    """What the clock shows, in POSIX seconds: after a power cut it begins in 2000."""
    return int(time.time()) + _EPOCH_S


def clock_is_said():
    """Whether somebody has said what time it is since the last power cut."""
    return machine.RTC().memory() == _SAID


def set_clock(posix_s, said):
    """Set the clock; ``said``: somebody knows that it is so late, False where it is only not earlier."""
    year, month, day, hour, minute, second, weekday, _ = time.gmtime(posix_s - _EPOCH_S)
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
    machine.RTC().memory(_SAID if said else b"")


def free_flash_bytes():
    """What is left of the file system."""
    stat = os.statvfs(FOLDER)
    return stat[0] * stat[3]
