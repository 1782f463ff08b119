"""Run by MicroPython: what a board makes of certificates and of a time server, one line for each."""

import asyncio
import sys
import time

import certificate
import clock
import sntp

what = sys.argv[1]


def is_refused(data):
    try:
        certificate.validity(data)
    except ValueError:
        return True
    return False


if what == "validity":
    for name in sys.argv[2:]:
        with open(name, "rb") as file:
            print(*certificate.validity(file.read()))
elif what == "rubbish":
    # Each beginning of it, and each byte of its head another: no exception but the one that is promised.
    with open(sys.argv[2], "rb") as file:
        whole = file.read()
    good = certificate.validity(whole)
    refused = 0
    for end in range(len(whole)):
        refused += is_refused(whole[:end])
    for place in range(200):
        for change in (0x01, 0x20, 0x80, 0xFF):
            is_refused(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
    print(refused == len(whole), certificate.validity(whole) == good)
elif what == "hear":
    # An hour in 50 ms.
    import board

    clock._WINDOW_MS = 50
    board.set_clock(1_800_000_000, True)
    kept = clock.Clock({"ntp": None, "broker": {"valid": None}})
    for step in sys.argv[2:]:
        wait_ms, off = map(int, step.split(":"))
        time.sleep_ms(wait_ms)
        before = board.clock_s()
        kept.hear(before + off)
        print(board.clock_s() - before)
elif what == "keep":
    # Six hours in 50 ms.
    import board

    clock._SNTP_PORT, clock._POLL_S, clock._AGAIN_MS = int(sys.argv[2]), 0.05, 50

    async def keep():
        kept = clock.Clock({"ntp": "127.0.0.1", "broker": {"valid": None}})
        await kept.prepare()
        kept.hear(5_000_000_000)
        print(kept.now_s())
        asyncio.create_task(kept.keep())
        while kept.now_s() < int(sys.argv[3]):
            await asyncio.sleep_ms(20)
        print("kept right")

    asyncio.run(keep())
elif what == "ask":

    async def ask_all():
        asked = [sntp.ask("127.0.0.1", int(port)) for port in sys.argv[2:]]
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            print(answer)

    asyncio.run(ask_all())
