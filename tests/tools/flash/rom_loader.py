"""A board in its ROM's loader, on a pty: rom_loader.py CHIP FLASH MEGABYTES PACKAGE [STARTS].

At the end (SIGTERM) FLASH is what the board holds. It stands for the ROM of an ESP32 and is esp32-mock-bootloader
0.3.0, whose registers are those of esptool's own classes, with two of its ways mended: it loses what a full pty does
not take at once, and writes byte by byte. Its flash has the size that is asked for (its own has 4 MB always) and says
so as one does, by JEDEC's RDID: the third byte is the power of two (MicroPython asks the same of it,
esp_flash_get_physical_size); one whose size is no such power does not say it. PACKAGE is the number of the housing in
an ESP32's fuses (esptool 5.6, ESP32ROM.get_pkg_version). In what it differs: it writes at once and starts nothing, but
where STARTS is given: a file in JSON, the words of what is then at the other end of the cable, a reset being no signal
that a pty has. It is started by the first bytes that begin no packet, those of who looks for a prompt.
"""

import json
import os
import select
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

from esp32_mock_bootloader import protocol, registers, server
from esptool.targets import CHIP_DEFS

_GIGADEVICE = 0x40C8
_MEGABYTE = 0x100000


def _send_all(self, data):
    while data:
        data = data[os.write(self._master, data) :]


def _write_block(self, payload):
    length = struct.unpack_from("<I", payload)[0]
    try:
        content = self._decompressor.decompress(payload[16 : 16 + length])
    except zlib.error:
        return
    self.data[self._defl_offset : self._defl_offset + len(content)] = content
    self._defl_offset += len(content)


def _with_package(read, chip, package):
    word = CHIP_DEFS[chip].EFUSE_RD_REG_BASE + 12 if chip == "esp32" else None
    return lambda name, addr: (package & 7) << 9 if addr == word else read(name, addr)


def _until_a_prompt(recv, flash, starts):
    """What the transport hears, until it is no packet of the loader's."""
    last = protocol.SLIP_END

    def heard(transport, size):
        nonlocal last
        chunk = recv(transport, size)
        if chunk[:1] in (b"\r", b"\x03") and last == protocol.SLIP_END:
            Path(flash).write_bytes(server.get_flash_image().data)
            _hand_over(transport._master, chunk, json.loads(Path(starts).read_text()))
            # It has restarted, and hangs on its cable until it is taken off.
            signal.pause()
        last = chunk[-1] if chunk else last
        return chunk

    return heard


def _hand_over(cable, heard, words):
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as board:
        board.stdin.write(heard)
        while True:
            for ready in select.select([cable, board.stdout], [], [])[0]:
                if not (data := os.read(ready if ready == cable else board.stdout.fileno(), 4096)):
                    return
                board.stdin.write(data) if ready == cable else os.write(cable, data)


def main(chip, flash, megabytes, package, starts=None):
    size = int(megabytes) * _MEGABYTE
    protocol.FLASH_MOCK_SIZE = size
    power = size.bit_length() - 1
    protocol.MOCK_FLASH_ID = (power if size == 1 << power else 0) << 16 | _GIGADEVICE
    registers.read_reg_value = _with_package(registers.read_reg_value, chip, int(package))
    server.PtyMasterTransport.sendall = _send_all
    server.FlashImage.write_defl_block = _write_block
    if starts:
        server.PtyMasterTransport.recv = _until_a_prompt(server.PtyMasterTransport.recv, flash, starts)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        server.run_pty_server(None, None, chip)
    finally:
        Path(flash).write_bytes(server.get_flash_image().data)


main(*sys.argv[1:])
