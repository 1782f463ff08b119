"""An operation of any number of members with curves drawn by lot, its days signed, and each member's file of them."""

from gateway.journal.key import SigningKey
from gateway.operation.days import share_day
from gateway.operation.own import MemberHead, own_days
from gateway.operation.plan import read_operation
from gateway.operation.steps import steps_of
from gateway.operation.sums import Chain, sign, sums_of

KEY = SigningKey(bytes(range(32)))


def written(path, members, key="pro-rata", more="", **rows):
    """An operation's file; ``rows`` are further lines of a member or a producer (``p1``, ``p2``), by name."""
    text = [f'name = "Le toit"\nkey = "{key}"\n{more}\n']
    text += [f'[[producer]]\nname = "{name}"\nfrom = 2020-01-01\n{rows.get(name, "")}\n' for name in ("p1", "p2")]
    text += [f'[[member]]\nname = "{name}"\nfrom = 2020-01-01\n{rows.get(name, "")}\n' for name in members]
    path.write_text("".join(text))
    return read_operation(path)


def drawn_by_lot(rng, operation, day):
    """A day's curves: what is produced covers between none and more than all; at night there is no sun."""
    begins = steps_of(day, operation.table.step)
    most = 400 * len(operation.members)
    curves = {name: [rng.randrange(900) for _ in begins] for name in operation.members}
    for name in operation.producers:
        curves[name] = [rng.randrange(most) if 28 < place < 76 else 0 for place in range(len(begins))]
    return {name: dict(zip(begins, values, strict=True)) for name, values in curves.items()}


def signed(operation, days, chain=None):
    """The chain of some shared days, and the lines of each member's file."""
    chain = chain or Chain(KEY.public, whole=True)
    files = {name: [MemberHead(member=name, key=KEY.public).line()] for name in operation.members}
    for shared in days:
        line = sign(chain, sums_of(operation, shared), KEY)
        own = own_days(operation, shared, line, KEY)
        for name, lines in files.items():
            lines.append(line.line())
            lines.extend([own[name].line()] if name in own else [])
    return chain, {name: [one.encode() for one in lines] for name, lines in files.items()}


def shared_days(operation, rng, days):
    """Days with curves by lot; and those curves, all in one."""
    found, all_curves = [], {}
    for day in days:
        curves = drawn_by_lot(rng, operation, day)
        found.append(share_day(operation, day, curves))
        for name, values in curves.items():
            all_curves.setdefault(name, {}).update(values)
    return found, all_curves
