"""``[updates]``: where releases are, whether they are looked for, and whose word it takes to install one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class UpdatesTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[updates]``: without it one is looked for where the owner's file says, and nothing is installed unasked."""

    # The folder of releases; that of the owner's file where it is not given.
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s@?#]{1,200}$")] | None = None
    check: bool = True
    # Whether the household is asked, or a new version is installed in the night that follows.
    install: Literal["ask", "night"] = "ask"
    # An installer whom the household lets ask whether the gateway is well asks for an update: the household answers
    # each time, or has agreed beforehand.
    installer: Literal["ask", "agreed"] = "ask"
