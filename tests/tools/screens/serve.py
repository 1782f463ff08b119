"""One of the six houses, served: ``python -m tests.tools.screens.serve NAME FOLDER PORT`` until its input ends.

The daemon's own parts over a store that was lived into (``houses``), joined by the daemon and not run: its clock stands
at the house's moment, its meter has spoken a second before, however long one looks. Says in a line of JSON how to
get in.
"""

import asyncio
import json
import sys
import time
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from gateway.config.tables import load
from gateway.daemon import exposure, security_at_page
from gateway.daemon.app import Gateway
from gateway.daemon.clock import HostClock
from gateway.links import link as links
from gateway.links.link import BROKEN, OK, Link, LinkKind
from gateway.links.words import HAS_ALL, PULSES
from gateway.live.topics import as_json
from gateway.sources.adapter import NO_PORT
from gateway.sources.line import LineState
from gateway.store.points import Granularity
from gateway.store.prepare import prepare
from gateway.store.store import Store
from gateway.store.terms import Terms
from gateway.tic.quality import SignalQuality
from gateway.tic.reading import Kind, Quality, Reading
from gateway.web.page import HousePage, phases
from gateway.words.phrase import Phrase, same
from servers import wait_until
from tests.tools.screens.houses import HOUSES, lived

NAMES = ("La Coop", "Ville de Rennes")
JIDS = ("donnees@lacoop.test", "energie@ville.test")
PURPOSES = ("équilibrer une opération d’autoconsommation collective", "observatoire de l’énergie")
_DAY_S = 86_400
PASSWORD = "nobody asks for it"


def configured(folder, portrait, name, port):
    """Its configuration: what it lived with, at this port and under this name."""
    file = folder / "gateway.toml"
    if not file.exists():
        file.write_text(f'[[meter]]\nsource = "/nowhere"\n[store]\ndirectory = "data"\n{portrait.tables}')
    text = file.read_text()
    text += portrait.tables if portrait.tables not in text else ""
    text = text.replace('[web]\nlisten = "127.0.0.1:8080"\n', "")
    text = text.replace('source = "/nowhere"', 'source = "/dev/ttyTIC"\nmode = "standard"')
    file.write_text(f'{text}[web]\nlisten = "127.0.0.1:{port}"\nhttps = ""\nnames = ["{name}.local"]\n')
    (folder / "password").write_text("nobody logs in\n")
    (folder / "password").chmod(0o600)
    return load(file)


def share(store, portrait, name):
    """Those with whom it shares, each since three weeks, and those who ask."""
    now = portrait.moment
    prefix = "consumption/power" if name != "years" else "consumption/power/active/raw"
    for place, (controller, jid) in enumerate(zip(NAMES, JIDS, strict=True)):
        domain = jid.partition("@")[2]
        terms = Terms(
            purpose=PURPOSES[place], controller=controller, contact=f"dpo@{domain}", retention="P1Y",
            privacy=f"https://{domain}/donnees",
        )  # fmt: skip
        if place < portrait.shares:
            grain = (Granularity.HALF_HOUR, Granularity.DAY)[place]
            store.consents.grant(jid, "house", prefix, grain, now + 300 * _DAY_S, now - 21 * _DAY_S, terms=terms)
            _hand(store, jid, prefix, grain, now)
        elif place < portrait.shares + portrait.asks:
            (sensor,) = (meter.sensor for meter in store.meters.all() if meter.name == "house")
            store.access.ask(jid, sensor, prefix, Granularity.HALF_HOUR, terms, now - 3600, until=now + 300 * _DAY_S)


def _hand(store, jid, prefix, grain, now):
    """What it got on three days."""
    (series, *_) = [one for one in store.meters.series("house") if one.path.startswith(prefix)]
    points = store.readings.page("house", series.path, grain, now - 2 * _DAY_S, now, 40)
    for day in range(3):
        store.transfers.note(jid, points, now - day * _DAY_S)
    store.db.commit()


def last_said(store, at):
    """What a meter says of which the past alone is known: the last of each index, and an evening's power."""
    last = "SELECT value FROM coarse WHERE series = ? AND step = 1800 ORDER BY time DESC LIMIT 1"
    known = [(one.path, "Wh", *store.db.execute(last, [one.id]).fetchone()) for one in store.meters.series("house")
             if one.kind == Kind.INDEX.value]  # fmt: skip
    when, texts = datetime.fromtimestamp(at, UTC), {"contract/tariff": "HC  BLEU", "contract/tariff/index": "01"}
    colours = {"contract/tempo/today": "BLEU", "contract/tempo/tomorrow": "BLEU"}
    return (
        *(Reading(path, when, wh, unit, Kind.INDEX, Quality.METER) for path, unit, wh in known),
        *(Reading(path, when, text, "", Kind.TEXT, Quality.METER) for path, text in (texts | colours).items()),
        Reading("consumption/power/apparent/raw", when, 410, "VA", Kind.GAUGE, Quality.METER),
        Reading("contract/power/reference", when, 9000, "VA", Kind.GAUGE, Quality.METER),
    )


def standing(portrait, now):
    """How each link is at the monotonic second ``now``."""
    silent, heard = portrait.silent_s, portrait.password
    quality = SignalQuality(now - 90_000)
    for second in range(90_000, silent or 0, -2):
        quality.note(now - second, good=30)
    said = now - (silent or 1) if heard else None
    line = LineState(open=not silent, changed=now - (silent or (90_000 if heard else 600)), device=same("/dev/ttyTIC"))
    line.speed, line.last_frame, line.heard, line.frames = 9600, said, said, 51_000
    line.mode = "standard" if heard else None
    line.error = NO_PORT if silent else None
    found = [
        links.meter_link("house", line, now), links.port_link("house", line, now),
        links.decode_link("house", line, quality, now),
        Link(LinkKind.STORE, "", OK, 12.0, Phrase("written")),
        Link(LinkKind.DISK, "", OK, 86_400.0, Phrase("{free} free of {size}").filled(free="24 GB", size="31 GB")),
    ]  # fmt: skip
    if portrait.sort and portrait.sort.solar:
        dead = portrait.sort.dead_s
        words = same("GPIO 17") if dead else PULSES.filled(count=48_211, bounces=0)
        found.append(Link(LinkKind.COUNTER, "solar", BROKEN if dead else OK, dead or 2.0, words))
    if "[federation]" in portrait.tables:
        found.append(Link(LinkKind.XMPP, "", OK, 90_000.0, Phrase("connected")))
    found += [Link(LinkKind.RECIPIENT, jid, OK, None, HAS_ALL) for jid in JIDS[: portrait.shares]]
    return found


def machine(portrait, port):
    """Let each house be on a machine that is as safe, whatever runs on the one on which it is photographed."""
    faulty = bool(portrait.silent_s)
    exposure.listening = lambda: (22, 445, port) if faulty else (port,)
    exposure.enclosed, exposure.is_root, exposure.fixes = lambda: True, lambda: False, lambda: not faulty
    HousePage.name = "maison"
    security_at_page.started = lambda _: portrait.moment - 2 * _DAY_S


async def serve(name, folder, port):
    """Until the input ends."""
    portrait = HOUSES[name]
    said, truth = lived(folder, name)
    machine(portrait, port)
    config = configured(folder, portrait, name, port)
    prepare(config.directory)
    with closing(Store(config.directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        share(store, portrait, name)
        if said == ():
            said = last_said(store, portrait.moment)
    stop, now = asyncio.Event(), time.monotonic()
    gateway = await Gateway.opened(config, stop, HostClock(trusted=True))
    try:
        (page,), house = gateway._requests.pages, gateway.house
        known = standing(portrait, now)
        house.standing.of[:] = [lambda _: known]
        if said:
            house.now.hear("house", said, said[0].time, standard=True)
            house.now.meters["house"]._heard = now - (portrait.silent_s or 1)
        # As if somebody had looked for a while.
        for looked in (now - 3600, now):
            await house.notices.look(known, looked, time.time())
        house.now.look(known, house.notices.active)
        await house.now.know_the_day()
        page.meters = lambda: [
            as_json(meter.snapshot(now)) | {"phases": phases(meter.values())} for meter in house.now.meters.values()
        ]
        if portrait.password:
            page._site._access.set_password(PASSWORD)
        session = page._site.entrance._sessions.open(time.monotonic())
        running = asyncio.create_task(page.run(stop))
        await asyncio.to_thread(wait_until, lambda: page._served, 60, "the page is served")
        # The parts come with the first visitor.
        await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/login")
        paths = [pattern.url_pattern for methods, pattern, *_ in page._site.app.url_map if "GET" in methods]
        print(json.dumps({"session": session, "paths": paths, "truth": truth and by_day(truth)}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        stop.set()
        await running
    finally:
        await gateway.close()


def by_day(truth):
    """What the house really did, as JSON: Wh and euros without the subscription, by ISO day."""
    return {
        what: {str(day): float(amount) for day, amount in getattr(truth, what).items()}
        for what in ("drawn", "injected", "made", "paid")
    }


def main(name, folder, port):
    """Serve one with its clock standing still."""
    moment = float(HOUSES[name].moment)
    time.time = lambda: moment
    asyncio.run(serve(name, Path(folder), int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
