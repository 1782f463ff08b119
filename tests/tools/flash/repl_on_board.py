"""A board at its prompt for tests: repl_on_board.py IMAGE [WIFI]; MicroPython's raw REPL on standard input and output.

The Unix port's own REPL has no raw mode, which is what mpremote speaks. Programs run in real MicroPython; the files are
in a LittleFS, as in the vfs partition of an ESP32. A reset ends the process. WIFI is what joining the Wi-Fi comes to.
"""

import gc
import io
import os
import sys

sys.path.append(sys.argv[0].rsplit("/", 1)[0] + "/../../../tools/lib/relay_faults/unix")

import rtc
import vfs


class Flash:
    """The vfs partition: 4 KiB blocks in a file of the host."""

    def __init__(self, name):
        self.file = open(name, "r+b")
        self.blocks = self.file.seek(0, 2) // 4096

    def readblocks(self, number, buffer, offset=0):
        self.file.seek(number * 4096 + offset)
        self.file.readinto(buffer)

    def writeblocks(self, number, buffer, offset=0):
        self.file.seek(number * 4096 + offset)
        self.file.write(buffer)
        self.file.flush()

    def ioctl(self, operation, argument):
        return {4: self.blocks, 5: 4096}.get(operation, 0)


class Machine:
    """What is used of the module machine."""

    def reset(self):
        raise SystemExit


class Wifi:
    """lib/board.py, of which only this is used here; its clock is rtc.py's."""

    def __init__(self):
        self.clock_s, self.clock_is_said, self.set_clock = rtc.clock_s, rtc.clock_is_said, rtc.set_clock

    async def join(self, wifi):
        if len(sys.argv) > 2:
            raise OSError("Wi-Fi %s: %s" % (wifi["ssid"], sys.argv[2]))


def run(program, names):
    write(b"OK")
    try:
        exec(compile(program, "<stdin>", "exec"), names)
        write(b"\x04")
    except SystemExit:
        raise
    except BaseException as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        write(b"\x04" + text.getvalue().replace("\n", "\r\n").encode())
    write(b"\x04>")
    gc.collect()


def write(data):
    sys.stdout.buffer.write(data)


def serve():
    names, program, raw = {"__name__": "__main__"}, bytearray(), False
    while True:
        byte = sys.stdin.buffer.read(1)
        if not byte:
            return
        if byte == b"\x01" and raw and program == b"\x05A":
            write(b"R\x00")  # raw paste: understood, not supported
            program = bytearray()
        elif byte == b"\x01":
            raw, program = True, bytearray()
            write(b"raw REPL; CTRL-B to exit\r\n>")
        elif byte == b"\x03":
            program = bytearray()
            write(b"\r\n>>> ")
        elif byte == b"\x04" and raw:
            source, program = bytes(program).decode(), bytearray()
            run(source, names)
        elif raw:
            program += byte


vfs.mount(vfs.VfsLfs2(Flash(sys.argv[1]), readsize=256, progsize=32), "/")
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib"]
sys.modules["machine"] = Machine()
sys.modules["board"] = Wifi()
try:
    serve()
finally:
    vfs.umount("/")
