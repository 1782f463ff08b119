"""A reader that takes a pack as quoalise's own client does, and stops where that one would read something wrong.

It is held to what its authors' code was seen to do: ``<meta>`` is required and passed through, only the first
``<data>`` is read, only a numeric ``v``, ``bu`` and ``u`` in one scope run together, times are absolute, ``bver`` is
ignored.
"""

Q, S = "{urn:quoalise:0}", "{urn:ietf:params:xml:ns:senml}"
ABSOLUTE_TIME = 2**28


def existing_reader(quoalise):
    """(name, time, unit, value) of every record of the first ``<data>``; value None for a text."""
    data = quoalise.find(f"{Q}data")
    assert data is not None, "no data"
    assert data.find(f"{Q}meta") is not None, "no meta"
    base = {"bn": None, "bt": None, "bu": None}
    for senml in data.find(f"{S}sensml").findall(f"{S}senml"):
        base = {key: senml.get(key, value) for key, value in base.items()}
        assert base["bu"] is None or senml.get("u") is None, "bu and u run together"
        time = float(base["bt"] or 0) + float(senml.get("t", 0))
        assert time >= ABSOLUTE_TIME, "a relative time"
        value = senml.get("v")
        unit = (base["bu"] or "") + senml.get("u", "")
        yield (base["bn"] or "") + senml.get("n", ""), time, unit or None, None if value is None else float(value)
