"""Does this board get home? Asked by tools/flash over the cable, right after the board has been set up."""

import asyncio

import board
import mqtt
import settings
from clock import Clock


def get_home(path="/config.json"):
    """Join the Wi-Fi and the broker; prints one line: what failed, a blank, why. "home" when nothing did.

    What fails is ``wifi``, ``clock``, ``certificate``, ``refused`` or ``broker``.
    """
    print(asyncio.run(_try(settings.load(path, ANY_ROLE))))


class _Anything(dict):
    """A table that has every key: what a board is for does not matter here."""

    def __contains__(self, key):
        return True


# For settings.load, where only the way home matters.
ANY_ROLE = {"relay": _Anything(), "display": _Anything(), "lamp": _Anything()}


async def _try(found):
    try:
        await board.join(found["wifi"])
    except OSError as error:
        return "wifi %s" % error
    await Clock(found).prepare()
    client = mqtt.Client(found["broker"], lambda topic, payload: None)
    try:
        await client.connect()
    except mqtt.CertificateError as error:
        return "%s %s" % ("clock" if error.clock else "certificate", error)
    except mqtt.RefusedError as error:
        return "refused %s" % error
    except (OSError, asyncio.TimeoutError) as error:
        return "broker %s" % (error or "no answer")
    finally:
        client.close()
    return "home"
