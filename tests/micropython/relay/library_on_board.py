"""Run by MicroPython: one check of the boards' library against a real broker, named by its first argument."""

import asyncio
import sys

import certificate
import clock
import mqtt
import settings

what, port, user, password, name, ca = sys.argv[1:7]


async def use(check, **options):
    """A connection, its reader, and the check."""
    heard = []
    with open(ca, "rb") as file:
        content = file.read()
    context, valid = mqtt.tls_context(content), certificate.validity(certificate.der(content))
    await clock.Clock({"ntp": None, "broker": {"valid": valid}}).prepare()
    broker = {
        "host": "127.0.0.1",
        "port": int(port),
        "user": user,
        "password": password,
        "name": name,
        "context": context,
    }
    client = mqtt.Client(broker, lambda topic, payload: heard.append((topic, payload)), **options)
    await client.connect()
    reading = asyncio.create_task(client.run())
    try:
        await check(client, heard)
    finally:
        reading.cancel()
        await asyncio.sleep_ms(0)
        client.close()


async def wraps(client, heard):
    """The number of a packet goes from 65535 to 1."""
    client._packets.pid = 65533
    for number in range(5):
        await client.publish("linky/board/%s/frame" % user, b"%d" % number, qos=1)
    print(client._packets.pid)


async def hears(client, heard):
    """What is too long is passed over, and what follows is understood."""
    await client.subscribe("linky/board/%s/ack" % user)
    print("ready")
    while not heard:
        await asyncio.sleep_ms(20)
    print(client.oversized, heard)


async def lags(client, heard):
    """A broker that says nothing does not hold up the loop."""
    worst = 0

    async def tick():
        nonlocal worst
        while True:
            before = mqtt_ms()
            await asyncio.sleep_ms(20)
            worst = max(worst, mqtt_ms() - before - 20)

    ticking = asyncio.create_task(tick())
    print("ready")
    await asyncio.sleep_ms(500)
    try:
        await client.publish("linky/board/%s/frame" % user, b"x" * 1000, qos=1)
    except asyncio.TimeoutError:
        print("no answer, at most %d ms late" % worst)
    ticking.cancel()


def mqtt_ms():
    """Milliseconds."""
    import time

    return time.ticks_ms()


try:
    if what == "settings":
        print(settings.load(port))
    else:
        asyncio.run(use({"wraps": wraps, "hears": hears, "lags": lags}[what], timeout_s=1 if what == "lags" else 8))
except (OSError, settings.SettingsError) as error:
    print(type(error).__name__, error)
