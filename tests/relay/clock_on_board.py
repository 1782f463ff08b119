"""Run by MicroPython: what the boards' clock.py makes of certificates and of a time server, one line for each."""

import asyncio
import sys

import clock

what = sys.argv[1]


def is_refused(data):
    try:
        clock.validity(data)
    except ValueError:
        return True
    return False


if what == "validity":
    for name in sys.argv[2:]:
        with open(name, "rb") as file:
            print(*clock.validity(file.read()))
elif what == "rubbish":
    # Each beginning of it, and each byte of its head another: no exception but the one that is promised.
    with open(sys.argv[2], "rb") as file:
        whole = file.read()
    good = clock.validity(whole)
    refused = 0
    for end in range(len(whole)):
        refused += is_refused(whole[:end])
    for place in range(200):
        for change in (0x01, 0x20, 0x80, 0xFF):
            is_refused(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
    print(refused == len(whole), clock.validity(whole) == good)
elif what == "ask":
    try:
        print(asyncio.run(clock.ask("127.0.0.1", int(sys.argv[2]))))
    except OSError as error:
        print(error)
