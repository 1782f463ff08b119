"""lib/board.py itself, with modules machine and network that stand for an ESP32's: uart_on_board.py CHIP RELAY.

``UART`` stands for ports/esp32/machine_uart.c of micropython/micropython, v1.28.0 (mp_machine_uart_init_helper): a pin
that is not given is one of the port's own, and uart_set_pin makes an output of ``tx`` in any case. ``UART(0)`` stays
where it is. Prints the pins. In what it differs: it opens nothing.
"""

import json
import sys


class Uart:
    INV_RX = 4
    _OWN = {0: (1, 3), 1: (10, 9), 2: (17, 16)}  # (tx, rx); ESP32 without PSRAM

    def __init__(self, number, speed, *, tx=None, rx=None, **_other):
        own = self._OWN[number]
        print(json.dumps({"tx": own[0] if tx is None else tx, "rx": own[1] if rx is None else rx}))


class Module:
    UART = Uart
    STA_IF = 0

    @staticmethod
    def WLAN(_interface):
        return None


sys.modules["machine"] = sys.modules["network"] = Module
import board

board.os = type("os", (), {"uname": lambda: type("uname", (), {"machine": sys.argv[1]})})
board.open_uart(json.loads(sys.argv[2]), 9600)
