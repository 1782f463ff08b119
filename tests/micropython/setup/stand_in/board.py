"""The board's Wi-Fi in tests: it joins "Maison" with "motdepasse", knows "Voisins", and nothing else."""

import asyncio

from rtc import clock_is_said, clock_s, set_clock


async def join(wifi):
    await asyncio.sleep_ms(300)
    if wifi["ssid"] not in ("Maison", "Voisins <b>&'\" très très longs"):
        raise OSError("Wi-Fi %s: not found" % wifi["ssid"])
    if wifi["password"] != "motdepasse":
        raise OSError("Wi-Fi %s: wrong password" % wifi["ssid"])
