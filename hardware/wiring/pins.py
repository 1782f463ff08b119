"""What is wired to what: each wire from a pin of a board to a pin of a part, as values.

A test holds the pins to the defaults and examples of the programs: systemd/*.toml, micropython/, tools/lib/flash.
"""

from __future__ import annotations

from dataclasses import dataclass

# The 40-pin header of every Raspberry Pi but the first two (26 pins, the same as far as they go).
HEADER = dict(
    enumerate(
        """
        3V3 5V GPIO2 5V GPIO3 GND GPIO4 GPIO14 GND GPIO15 GPIO17 GPIO18 GPIO27 GND GPIO22 GPIO23 3V3 GPIO24 GPIO10 GND
        GPIO9 GPIO25 GPIO11 GPIO8 GND GPIO7 GPIO0 GPIO1 GPIO5 GND GPIO6 GPIO12 GPIO13 GND GPIO19 GPIO16 GPIO26 GPIO20
        GND GPIO21
        """.split(),
        1,
    )
)

RED, BLACK, BLUE, GREEN, ORANGE, PURPLE, GREY, BROWN = (
    "#c62828",
    "#222222",
    "#1565c0",
    "#2e7d32",
    "#ef6c00",
    "#6a1b9a",
    "#607d8b",
    "#795548",
)


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire: the board's pin (a number on a Raspberry Pi's header, else a name), the part's pin, what lies in it."""

    board: int | str
    part: str
    color: str
    through: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """A part on a board; ``title`` is the same in both languages."""

    board: str
    title: str
    wires: tuple[Wire, ...]

    def gpios(self) -> dict[str, int]:
        """Pin of the part -> GPIO number."""
        found = {wire.part: self.name_of(wire.board) for wire in self.wires}
        return {part: int(name.removeprefix("GPIO")) for part, name in found.items() if name.startswith("GPIO")}

    def name_of(self, pin: int | str) -> str:
        """The name of the board's pin."""
        return HEADER[pin] if isinstance(pin, int) else pin


PI, ESP32, ESP32_C3, ESP32_S3 = "Raspberry Pi", "ESP32", "ESP32-C3", "ESP32-S3"


def _receiver(board: str, rx: int) -> Wiring:
    return Wiring(
        board,
        "TIC J2",
        (Wire("3V3", "3V3", RED), Wire(f"GPIO{rx}", "RXD", GREEN), Wire("GND", "GND", BLACK)),
    )


def _oled(board: str, scl: int, sda: int) -> Wiring:
    return Wiring(
        board,
        "OLED",
        (
            Wire("3V3", "VCC", RED),
            Wire("GND", "GND", BLACK),
            Wire(f"GPIO{scl}", "SCL", ORANGE),
            Wire(f"GPIO{sda}", "SDA", BLUE),
        ),
    )


def _st7789(board: str, sck: int, mosi: int, dc: int) -> Wiring:
    return Wiring(
        board,
        "LCD ST7789",
        (
            Wire("3V3", "VCC", RED),
            Wire("GND", "GND", BLACK),
            Wire(f"GPIO{sck}", "SCK", ORANGE),
            Wire(f"GPIO{mosi}", "SDA / MOSI", BLUE),
            Wire(f"GPIO{dc}", "DC", GREEN),
        ),
    )


WIRINGS = {
    "pi-tic": Wiring(PI, "TIC J2", (Wire(1, "3V3", RED), Wire(10, "RXD", GREEN), Wire(6, "GND", BLACK))),
    "pi-led": Wiring(PI, "LED", (Wire(7, "+", ORANGE, "470 Ω"), Wire(9, "-", BLACK))),
    "pi-oled": Wiring(
        PI, "OLED", (Wire(17, "VCC", RED), Wire(25, "GND", BLACK), Wire(5, "SCL", ORANGE), Wire(3, "SDA", BLUE))
    ),
    "pi-lcd": Wiring(
        PI,
        "LCD",
        (
            Wire(17, "VCC", RED),
            Wire(20, "GND", BLACK),
            Wire(23, "SCK", ORANGE),
            Wire(19, "MOSI", BLUE),
            Wire(24, "CS", PURPLE),
            Wire(18, "DC", GREEN),
            Wire(22, "RESET", GREY),
            Wire(12, "BL", BROWN),
        ),
    ),
    "pi-epaper": Wiring(
        PI,
        'e-paper 2.13" V4',
        (
            Wire(17, "VCC", RED),
            Wire(20, "GND", BLACK),
            Wire(19, "DIN", BLUE),
            Wire(23, "CLK", ORANGE),
            Wire(24, "CS", PURPLE),
            Wire(22, "DC", GREEN),
            Wire(11, "RST", GREY),
            Wire(18, "BUSY", BROWN),
        ),
    ),
    "pi-rgb": Wiring(
        PI,
        "LED RGB",
        (
            Wire(11, "R", RED, "330 Ω"),
            Wire(13, "G", GREEN, "330 Ω"),
            Wire(15, "B", BLUE, "330 Ω"),
            Wire(14, "-", BLACK),
        ),
    ),
    "pi-buzzer": Wiring(PI, "buzzer ≤ 10 mA", (Wire(16, "+", ORANGE), Wire(14, "-", BLACK))),
    "pi-button": Wiring(PI, "bouton / button", (Wire(37, "1", BLUE), Wire(39, "2", BLACK))),
    "pi-relay": Wiring(
        PI,
        "relais / relay",
        (
            Wire(2, "VCC", RED),
            Wire(29, "IN", BLUE),
            Wire(34, "IN", GREY, "10 kΩ"),
            Wire(30, "GND", BLACK),
        ),
    ),
    "pi-counter": Wiring(PI, "S0 / contact", (Wire(11, "S0 +", BLUE), Wire(14, "S0 -", BLACK))),
    "esp32-tic": _receiver(ESP32, 16),
    "esp32-c3-tic": _receiver(ESP32_C3, 4),
    "esp32-s3-tic": _receiver(ESP32_S3, 16),
    "esp32-oled": _oled(ESP32, 22, 21),
    "esp32-c3-oled": _oled(ESP32_C3, 7, 6),
    "esp32-s3-oled": _oled(ESP32_S3, 9, 8),
    "esp32-st7789": _st7789(ESP32, 18, 23, 16),
    "esp32-c3-st7789": _st7789(ESP32_C3, 4, 5, 10),
    "esp32-s3-st7789": _st7789(ESP32_S3, 12, 11, 10),
}

LAMPS = {ESP32: 4, ESP32_C3: 3, ESP32_S3: 4}
"""The GPIO of the relay's own LED, by board."""

UARTS = {ESP32: 2, ESP32_C3: 1, ESP32_S3: 1}
BUTTONS = {ESP32: 0, ESP32_C3: 9, ESP32_S3: 0}

# No ESP32-S3 has these, and with eight-line flash or PSRAM the second range is taken.
MISSING_ON_S3 = frozenset(range(22, 26)) | frozenset(range(26, 38))


@dataclass(frozen=True, slots=True)
class PiModel:
    """A family of boards: ``models`` as the device tree names one of each, whether its good port is Bluetooth's."""

    models: tuple[str, ...]
    shared: bool
    by_default: str
    lines: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """As shops call them: ``3 B+``, ``CM4``."""
        bare = (model.removeprefix("Raspberry Pi ").partition(" Rev")[0] for model in self.models)
        spelled = (name.replace(" Model ", " ").replace("Model ", "1 ").replace(" Plus", "+") for name in bare)
        return [name.replace("Compute Module ", "CM").replace("5 B", "5") for name in spelled]


PORT = "/dev/ttyAMA0"
"""The port of the header on all of them, once the lines are in."""


PI_MODELS = (
    PiModel(
        ("Raspberry Pi Model B Rev 2", "Raspberry Pi 2 Model B Rev 1.1", "Raspberry Pi Zero Rev 1.3"),
        shared=False,
        by_default="ttyAMA0 (PL011)",
        lines=("enable_uart=1",),
    ),
    PiModel(
        (
            "Raspberry Pi Zero W Rev 1.1",
            "Raspberry Pi 3 Model B Rev 1.2",
            "Raspberry Pi 3 Model B Plus Rev 1.3",
            "Raspberry Pi 3 Model A Plus Rev 1.0",
            "Raspberry Pi Zero 2 W Rev 1.0",
            "Raspberry Pi 4 Model B Rev 1.4",
            "Raspberry Pi 400 Rev 1.0",
            "Raspberry Pi Compute Module 4 Rev 1.0",
        ),
        shared=True,
        by_default="ttyS0 (mini UART)",
        lines=("enable_uart=1", "dtoverlay=disable-bt"),
    ),
    PiModel(
        ("Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi 500 Rev 1.0", "Raspberry Pi Compute Module 5 Rev 1.0"),
        shared=False,
        by_default="ttyAMA10 (3-pin debug)",
        lines=("dtparam=uart0=on",),
    ),
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A USB adapter: what it says of itself, and the source that `linky-gateway ports` gives in socket 1-1.2."""

    title: str
    vendor: str
    product: str
    serial: str
    recognised: bool
    source: str


ADAPTERS = (
    Adapter(
        "Micro Teleinfo (FT230X)", "0403", "6015", "TINFO-1234", recognised=True, source="usb:0403:6015:TINFO-1234"
    ),
    Adapter(
        "Cartelectronic USB 1 TIC (FT232R)",
        "0403",
        "6001",
        "DA33DTBE",
        recognised=False,
        source="usb:0403:6001:DA33DTBE",
    ),
    Adapter("FT230X", "0403", "6015", "DN04T0HA", recognised=False, source="usb:0403:6015:DN04T0HA"),
    Adapter("FT232R", "0403", "6001", "A50285BI", recognised=False, source="usb:0403:6001:A50285BI"),
    Adapter("CP2102", "10c4", "ea60", "0001", recognised=False, source="usb:@1-1.2"),
    Adapter("CH340", "1a86", "7523", "", recognised=False, source="usb:@1-1.2"),
    Adapter("PL2303", "067b", "2303", "", recognised=False, source="usb:@1-1.2"),
)


def shared_gpios() -> dict[int, list[str]]:
    """The Raspberry Pi's GPIO that more than one part has by default, and which."""
    users: dict[int, list[str]] = {}
    for name, wiring in WIRINGS.items():
        if wiring.board == PI:
            for gpio in sorted(set(wiring.gpios().values())):
                users.setdefault(gpio, []).append(name)
    return {gpio: names for gpio, names in sorted(users.items()) if len(names) > 1}
