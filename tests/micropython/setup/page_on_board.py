"""The set-up page and its DNS, served by MicroPython's Unix port: page_on_board.py ROOT HOST PORT DNS_PORT SET.

ROOT holds identity.json; the page is served until config.json is written. It prints "ready", at the end "finished".
"""

import asyncio
import json
import sys

root, host, port, dns_port = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
here = sys.argv[0].rsplit("/", 1)[0]
files = sys.argv[5]
unix = here + "/../../../tools/lib/relay_faults/unix"
sys.path[:] = [here + "/stand_in", files + "/setup", files + "/lib", unix, ".frozen"]

import names
from server import Setup


async def main():
    with open(root + "identity.json") as file:
        identity = json.load(file)
    identity["key"] = bytes(range(32))
    setup = Setup(root, identity, "%s:%d" % (host, port))
    setup.look_around()
    asyncio.create_task(names.serve("192.168.4.1", host, dns_port))
    asyncio.create_task(setup.app().start_server(host, port))
    await asyncio.sleep_ms(50)
    print("ready")
    await setup.finished.wait()
    await asyncio.sleep_ms(500)
    print("finished")


asyncio.run(main())
