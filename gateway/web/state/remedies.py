"""What to do about a cause, for a household that reads it on the page: there, by hand, or with whoever installed it.

The doctor's own remedies (``gateway/doctor/sentences.py``) are for a terminal: some of them are commands. Each of those
has a sentence here, and where there is one the page on which it is done.
"""

from __future__ import annotations

from gateway.doctor.causes import Cause
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_METERS, _RESTART = "/settings/meters", "/settings/restart"
PAGES = {
    Cause.NO_SUCH_PORT: _METERS,
    Cause.SEVERAL_PORTS: _METERS,
    Cause.NO_HEADER_PORT: _METERS,
    Cause.NOT_A_PORT: _METERS,
    Cause.PERMISSION_DENIED: _RESTART,
    Cause.PORT_NOT_ALLOWED: _RESTART,
    Cause.BROKER_AWAY: _RESTART,
    Cause.OTHER_MODE: _METERS,
    Cause.NOT_A_METER: _METERS,
    Cause.OTHER_CABLE: _METERS,
}
_BY_THE_INSTALLER = Phrase(
    "Only whoever installed the gateway can set this, on the Raspberry Pi itself: show them this page."
)
REMEDIES = WordTable(
    {
        Cause.NO_SUCH_PORT: "Plug the adapter back in. If it is still not found, choose its port in the settings.",
        Cause.SEVERAL_PORTS: "In the settings, choose the one connected to the meter.",
        Cause.UART_OFF: _BY_THE_INSTALLER,
        Cause.NO_HEADER_PORT: (
            "Connect the meter through an adapter with a USB plug, then choose its port in the settings."
        ),
        Cause.NOT_A_PORT: "Choose another port in the settings.",
        Cause.PERMISSION_DENIED: "Restart the gateway. If that changes nothing, ask whoever installed it.",
        Cause.PORT_NOT_ALLOWED: "Restart the gateway. If that changes nothing, ask whoever installed it.",
        Cause.PORT_HELD: "Close the other program.",
        Cause.NO_ANSWER: "Check that it is on and on the same network. If it is, ask whoever installed the gateway.",
        Cause.BROKER_AWAY: "Restart the whole device. The board keeps what it could not send.",
        Cause.GATEWAY_OFF: "Restart the whole device.",
        Cause.SERIAL_CONSOLE: _BY_THE_INSTALLER,
        Cause.BLUETOOTH_ON_UART: _BY_THE_INSTALLER,
        Cause.OTHER_MODE: "In the settings, choose to detect the meter’s mode automatically.",
        Cause.NOT_A_METER: "In the settings, choose the port of the meter’s adapter.",
        Cause.OTHER_CABLE: (
            "Nothing is lost: each meter’s data are kept under its own name. To fix it, swap the two cables, or the"
            " two ports in the settings."
        ),
        Cause.METER_CLOCK: (
            "If the gateway’s time is right, there is nothing to do: it uses its own. Tell Enedis that the meter’s"
            " clock is wrong."
        ),
        Cause.HOST_CLOCK: "Connect the gateway to the Internet: it gets the time from there.",
        Cause.NOT_YET: "Look again in a minute.",
        Cause.UNKNOWN: (
            "Check that it really is the meter that is connected there. If that changes nothing, ask whoever"
            " installed the gateway."
        ),
    }
)
