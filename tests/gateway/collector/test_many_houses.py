"""Many households at once, each with its own invitation; and links that nobody may join by, refused in their words."""

import asyncio
import json
import random
import time
from collections import Counter

import pytest
from msgspec.structs import replace

from gateway.consent.orders import ListConsents
from gateway.control.orders import act
from gateway.daemon.joining import steps
from gateway.errors import GatewayError, InvitationError
from gateway.federation.wire.invitation import read, signing_key, write
from tests.gateway.collector.test_invitations import LightHouse, house_folder
from tests.gateway.collector.test_joining import accounts, coop, invite, servers

__all__ = ["coop", "house_folder", "servers"]

AT_ONCE, LONG_AGO, MOST_TRIES = 12, 1_700_000_000, 5

# What is wrong with a link -> what its household reads, in French and in English.
REFUSED = {
    "forged": ("ne connaît pas cette invitation", "does not know this invitation: it did not make it"),
    "altered": ("sa signature ne correspond pas", "its signature does not fit"),
    "altered, signed anew": ("quelque chose y a été changé", "something in it was changed"),
    "expired": ("était valable jusqu’au 2023-11-14", "was good until 2023-11-14"),
    "too old for its maker": ("est trop ancienne pour coop@sen2.test", "is too old for coop@sen2.test"),
    "reused": ("a déjà servi", "was used by another gateway already"),
    # The token was spent first, where two come at once.
    "reused, token": ("n’accepte plus le code de l’invitation", "takes the invitation's code no more"),
}


def spoilt(coop, links, folder):
    """What is wrong with it -> links that nobody may join by, each made of a good one of its own."""
    asked = [read(link).invitation for link in links]
    stranger, own = signing_key(folder / "stranger.pem"), signing_key(coop.folder / "invite-key.pem")

    def signed(one, key, **changes):
        return write(replace(one, **changes), key, "http://linky.local/")[0]

    coop.ask("UPDATE invitation SET expires_at = now() WHERE id = ANY(%s)", [one.id for one in asked[3::4]])
    return {
        "forged": [signed(one, stranger, id=f"forged-{at:06}") for at, one in enumerate(asked[0::4])],
        "altered, signed anew": [signed(one, stranger, granularity="raw") for one in asked[1::4]],
        "altered": [f"{one[:-9]}{'A' if one[-9] != 'A' else 'B'}{one[-8:]}" for one in links[2::4]],
        "expired": [signed(one, own, expires=LONG_AGO) for one in asked[2::4]],
        "too old for its maker": links[3::4],
    }


def campaign(coop, servers, template, tmp_path, monkeypatch, count):
    """So many houses join; a tenth of their links is tried by a second house, and others that are no good."""
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.ca))
    more, before, begun = max(4, count // 25 * 4), accounts(servers), time.monotonic()
    links = invite(coop, servers, count + more)
    good, again = links[:count], links[: count // 10]
    wanted = [(link, "good") for link in (*good, *again)]
    wanted += [(link, kind) for kind, those in spoilt(coop, links[count:], tmp_path).items() for link in those]
    random.Random(count).shuffle(wanted)

    async def one(number, link, turns):
        async with turns:
            return await tried(LightHouse(tmp_path / f"house{number}", template), link)

    async def all_of_them():
        turns = asyncio.Semaphore(AT_ONCE)
        return await asyncio.gather(*(one(number, link, turns) for number, (link, _) in enumerate(wanted)))

    with coop.collector("one"), coop.collector("two"):
        ends = asyncio.run(all_of_them())
        joined = [number for number, end in enumerate(ends) if isinstance(end, str)]
        # A house that has an account shows what another one has used.
        late = asyncio.run(tried(LightHouse(tmp_path / f"house{joined[0]}"), wanted[joined[1]][0]))
    refused_as(late, "reused")
    assert {wanted[number][0] for number in joined} == set(good)
    assert len(joined) == len({ends[number] for number in joined}) == count
    refused = Counter()
    for (_, kind), end in zip(wanted, ends, strict=True):
        if not isinstance(end, str):
            refused[refused_as(end, *(["reused", "reused, token"] if kind == "good" else [kind]))] += 1
    print(f"{count} houses: {(time.monotonic() - begun) / 60:.1f} minutes; refused: {dict(refused)}")
    assert refused.total() == len(wanted) - count
    assert {kind for kind in REFUSED if "reused" not in kind} <= set(refused)
    rows = json.loads(coop.command("invitations", "list", "--sheet", "spring", "--json"))
    assert Counter(row["gateway"] for row in rows if row["gateway"]) == Counter(ends[number] for number in joined)
    assert [row["number"] for row in rows if row["state"] == "joined"] == list(range(1, count + 1))
    assert coop.one("SELECT count(*) FROM gateway") == count
    assert coop.one("SELECT count(*) FROM subscription WHERE wanted") == 2 * count
    # Of those that were refused no account is left behind.
    assert accounts(servers) - before == {ends[number].partition("@")[0] for number in joined}


async def tried(house, link):
    """The address of the account, or what is said in French and in English: nothing is given by it then."""
    given = act(house.store, ListConsents(), time.time())
    try:
        account = await through(house, link)
    except InvitationError as error:
        assert act(house.store, ListConsents(), time.time()) == given
        return error.phrase.in_every_language()
    else:
        assert [row["state"] for row in act(house.store, ListConsents(), time.time())] == ["valid"] * 2
        return account
    finally:
        house.store.close()


async def through(house, link):
    """The address of its account; a yes that waits, since a server was busy, goes on as the running gateway has it."""
    for before in range(MOST_TRIES):
        try:
            return (await steps.finish(house))["account"] if before else await house.answer(link)
        except InvitationError:
            raise
        except GatewayError as error:
            last = error
    raise AssertionError(last)


def refused_as(said, *kinds):
    """The one of these kinds, in whose words of either language it was refused."""
    for kind in kinds:
        french, english = REFUSED[kind]
        if french in said["fr"].replace("\u00a0", " ") and english in said["en"]:
            return kind
    raise AssertionError(f"{kinds}: {said}")


def test_twenty_households_join_none_twice(servers, coop, house_folder, tmp_path, monkeypatch):
    """Two of the links are tried by two houses at once, and each kind of a bad one once: refused in its words."""
    campaign(coop, servers, house_folder, tmp_path, monkeypatch, 20)


@pytest.mark.campaign
def test_a_thousand_households_join_none_twice(servers, coop, house_folder, tmp_path, monkeypatch):
    """The same of a sheet of 1,000, and 160 links that are no good: some four minutes."""
    campaign(coop, servers, house_folder, tmp_path, monkeypatch, 1000)
