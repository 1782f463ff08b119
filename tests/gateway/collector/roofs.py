"""A small collective self-consumption: its file, what its gateways sent in a month that is over, what is signed."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

from gateway.operation.steps import PARIS, days_of, steps_of
from tests.gateway.collector.desk import INDEX
from tests.gateway.collector.test_segments import PRODUCED, add_homes, fill

# The month that is over, and four quarters of an hour of one of its days.
MONTH = (datetime.now(PARIS).date().replace(day=1) - timedelta(days=1)).replace(day=1)
NOON = datetime(MONTH.year, MONTH.month, 10, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
ALL_STEPS = sum(len(steps_of(day, "PT15M")) for day in days_of(MONTH))

DRAWN = {"a": (200, 200, 100, 150), "b": (100, 500, 800, 400), "c": (300, 300, 300, 50)}
INJECTED = {"p1": (250, 900, 500, 0), "p2": (0, 300, 200, 0)}

SAID = "Peu de participants : à plusieurs, ils peuvent déduire ce que consomme un autre."
IN_ORDER = "Servis dans un ordre : qui vient après peut déduire ce que consomment ceux d’avant."


def member(name, gateway, more=""):
    whose = f'gateway = "{gateway}"\n' if gateway else ""
    return f'[[member]]\nname = "{name}"\nlabel = "Chez {name} & Cie"\n{whose}from = 2020-01-01\n{more}\n'


def producer(name, gateway):
    whose = f'gateway = "{gateway}"\n' if gateway else ""
    return f'[[producer]]\nname = "{name}"\n{whose}from = 2020-01-01\n'


def operation(store, *rows, key="pro-rata"):
    file = store.folder / "toit.toml"
    file.write_text(f'name = "Le toit"\nkey = "{key}"\n' + "".join(rows))
    return file


THREE = [member(name, f"H{n}@x") for n, name in enumerate("abc", 1)]
ROOFS = [producer("p1", "h4@x"), producer("p2", "h5@x")]


def sent(store, granularity="PT15M", step=QUARTER):
    """Four quarters of the worked example, as indexes of five gateways; their series."""
    drawn = add_homes(store, 3, INDEX, granularity)
    injected = add_homes(store, 5, PRODUCED, granularity)[3:]
    rows = []
    for series, used in zip([*drawn, *injected], [*DRAWN.values(), *INJECTED.values()], strict=True):
        marks = accumulate(used, initial=10_000)
        rows += [(series, NOON + n * step, value) for n, value in enumerate(marks)]
    fill(store, *rows)
    return drawn, injected


def say(store, said=f"{SAID} {IN_ORDER}"):
    """What a household reads before it agrees, of the few members that there are."""
    with store.config.open("a") as config:
        config.write(
            f'[access]\npurpose = "le soleil. {said}"\ncontroller = "La Coop"\ncontact = "a@b.org"\n'
            'privacy = "https://coop.example.org/privacy"\nretention = "P1Y"\ngranularity = "PT15M"\n'
        )


def sums(store, file, code=0, *more):
    return store.command(
        "operation", "sums", file, "--month", f"{MONTH:%Y-%m}", "--to", store.folder / "sums", *more, code=code
    )


def own_file(store, name):
    return store.folder / "sums" / f"toit-{MONTH:%Y-%m}-{name}.jsonl"


def given(store):
    """All that was signed, by the name of its file."""
    return {path.name: path.read_bytes() for path in (store.folder / "sums").iterdir()}
