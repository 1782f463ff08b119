"""A board in its ROM's loader, on a pty: rom_loader.py CHIP FLASH. At the end (SIGTERM) FLASH is what the board holds.

It is esp32-mock-bootloader with two of its ways mended: it loses what a full pty does not take at once, and writes byte
by byte.
"""

import os
import signal
import struct
import sys
import zlib
from pathlib import Path

from esp32_mock_bootloader import server


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


def main(chip, flash):
    server.PtyMasterTransport.sendall = _send_all
    server.FlashImage.write_defl_block = _write_block
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        server.run_pty_server(None, None, chip)
    finally:
        Path(flash).write_bytes(server.get_flash_image().data)


main(*sys.argv[1:])
