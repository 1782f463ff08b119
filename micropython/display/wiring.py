"""What only a real ESP32 has, of a display: its panel, its lamps, its button. Nothing else here imports ``machine``.

The tests put a file of the same functions in its place, over panels that are made of bytes.
"""

import machine
import neopixel
import oled
import st7789

# 400 kHz is what both OLED chips take; 40 MHz what an ESP32 gives to any pins.
_I2C_HZ, _SPI_HZ = 400_000, 40_000_000
_PWM_HZ = 1000


def open_panel(display):
    """The panel of the table ``display`` of config.json; ``start`` it before the first picture."""
    if display["panel"] == "st7789":
        return _open_st7789(display)
    driver = oled.Sh1106 if display["panel"] == "sh1106" else oled.Ssd1306
    i2c = machine.I2C(0, scl=machine.Pin(display["scl"]), sda=machine.Pin(display["sda"]), freq=_I2C_HZ)
    return driver(i2c, display["address"], display["brightness"])


def _open_st7789(display):
    if display["reset"] is not None:
        machine.Pin(display["reset"], machine.Pin.OUT, value=1)
    if display["backlight"] is not None:
        light = machine.PWM(machine.Pin(display["backlight"]), freq=_PWM_HZ)
        light.duty_u16(display["brightness"] * 65_535 // 100)
    # Mode 3: panels without a chip select only hear so. SPI 1 is the one that every ESP32 has, the C3 too.
    spi = machine.SPI(
        1, baudrate=_SPI_HZ, polarity=1, phase=1, sck=machine.Pin(display["sck"]), mosi=machine.Pin(display["mosi"])
    )
    dc = machine.Pin(display["dc"], machine.Pin.OUT)
    cs = None if display["cs"] is None else machine.Pin(display["cs"], machine.Pin.OUT, value=1)
    size = [display[key] for key in ("width", "height", "x_offset", "y_offset", "turns")]
    return st7789.St7789(spi, dc, cs, *size)


def open_lamps(lamp):
    """A function that takes a list of colours (red, green, blue): ``count`` of a bar, one of an RGB or a plain LED."""
    if lamp["kind"] == "bar":
        pixels = neopixel.NeoPixel(machine.Pin(lamp["pin"]), lamp["count"])

        def show(colours):
            for place, colour in enumerate(colours):
                pixels[place] = colour
            pixels.write()

        return show
    if lamp["kind"] == "rgb":
        pins = [machine.PWM(machine.Pin(lamp[name]), freq=_PWM_HZ) for name in ("red", "green", "blue")]

        def light(colours):
            for place, pin in enumerate(pins):
                pin.duty_u16(colours[0][place] * 257)

        return light
    if lamp["kind"] == "off-peak":
        plain = machine.PWM(machine.Pin(lamp["pin"]), freq=_PWM_HZ)
        return lambda colours: plain.duty_u16(max(colours[0]) * 257)
    return lambda colours: None


def open_button(pin):
    """A function that says whether the button, between this pin and ground, is down."""
    contact = machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)
    return lambda: not contact.value()
