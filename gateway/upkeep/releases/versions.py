"""Which of two versions is the newer one, as PEP 440 orders them; tools/setup runs it, with nothing but Python.

    python3 versions.py INSTALLED OTHER

prints ``newer``, ``same`` or ``older`` of the other, and ``unknown`` where one of the two is no version. ``sort -V``
takes 1.0.0rc1 for newer than 1.0.0: with it an old release with its good signature could come back.
"""

from __future__ import annotations

import re
import sys

# PEP 440, appendix B, with its normal forms.
_VERSION = re.compile(
    r"""v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>[0-9]*))?
    (?:-(?P<post_alone>[0-9]+)|(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>[0-9]*)))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.VERBOSE,
)
_STAGES = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_LONGEST = 100

# What has none of it comes before, or after, whatever has some.
_BEFORE, _AFTER = (0,), (2,)


def order(text: str) -> tuple[object, ...] | None:
    """What versions are ordered by; None for what is none."""
    # The limit: a number of thousands of digits is no version, and costs time.
    text = text.strip().lower()
    found = _VERSION.fullmatch(text) if text.isascii() and len(text) <= _LONGEST else None
    if found is None:
        return None
    release = [int(part) for part in found["release"].split(".")]
    while release and release[-1] == 0:
        release.pop()
    post = found["post_alone"] or (found["post_number"] or "0" if found["post"] else None)
    dev = (found["dev_number"] or "0") if found["dev"] else None
    if found["pre"]:
        pre: tuple[int, ...] = (1, _STAGES[found["pre"]], int(found["pre_number"] or 0))
    else:
        pre = _BEFORE if post is None and dev is not None else _AFTER
    return (
        int(found["epoch"] or 0),
        tuple(release),
        pre,
        _BEFORE if post is None else (1, int(post)),
        _AFTER if dev is None else (1, int(dev)),
        tuple(_local(part) for part in re.split(r"[-_.]", found["local"])) if found["local"] else (),
    )


def _local(part: str) -> tuple[int, int, str]:
    return (1, int(part), "") if part.isdecimal() else (0, 0, part)


def compared(installed: str, other: str) -> str:
    """``newer``, ``same``, ``older`` or ``unknown``: how the other stands to what is installed."""
    here, there = order(installed), order(other)
    if here is None or there is None:
        return "unknown"
    return "same" if here == there else "newer" if there > here else "older"


if __name__ == "__main__":
    sys.stdout.write(compared(*sys.argv[1:3]) + "\n")
