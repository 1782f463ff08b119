"""``python -m soak.daemon``: the gateway as ``linky-gateway run`` starts it, its own pace made as fast as its days.

What the day decides asks the wall clock and is fast by itself. What the gateway paces by the monotonic clock is listed
here: how often it commits, gathers for a message, and looks at what is past its retention. Everything else keeps the
machine's pace: what belongs to the network (timeouts, pings, repetitions, back-off), the watchdog, and the looks at the
links and at what runs short.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

import msgspec

from gateway.config.tables import Config, load
from gateway.control.orders import prepare_store
from gateway.daemon import app
from gateway.errors import GatewayError

# A commit for each turn of the loop would be none of the gateway's, and more than a message a second to each recipient
# more than an XMPP server on two cores takes (some 130 a second, each with a receipt).
_LEAST_COMMIT_S, _LEAST_BATCH_S = 0.05, 1.0


def hastened(config: Config, speed: float) -> Config:
    """The configuration with its intervals divided by ``speed``."""
    replace = msgspec.structs.replace
    assert config.federation is not None
    commit_s = max(config.store.commit_interval_s / speed, _LEAST_COMMIT_S)
    batch_s = max(config.federation.batch_s / speed, _LEAST_BATCH_S)
    # Fractions of a second, which no file may say.
    store = replace(config.store, commit_interval_s=commit_s)
    return replace(config, store=store, federation=replace(config.federation, batch_s=batch_s))


def main() -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m soak.daemon")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--speed", type=float, required=True)
    options = parser.parse_args()
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    app._FORGET_EVERY_S /= options.speed  # noqa: SLF001 (the one interval that is in no configuration)
    try:
        config = hastened(load(options.config), options.speed)
        os.umask(0o077)
        prepare_store(config.directory)
        asyncio.run(app.run(config))
    except GatewayError as error:
        print(f"linky-gateway: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
