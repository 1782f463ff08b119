"""The table ``[web]`` of ``gateway.toml``: the page of the house."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class WebTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[web]``: the page of the house."""

    # All addresses of this machine; who is not at home is refused all the same.
    listen: Annotated[str, msgspec.Meta(pattern=r"^(\[[0-9a-f:]+\]|[0-9.]+|localhost):[0-9]{1,5}$")] = "0.0.0.0:8080"
    # Names by which the page is called besides this machine's own, and networks that are at home, too.
    names: tuple[Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9.-]+$")], ...] = ()
    networks: tuple[str, ...] = ()
    # Encrypted, where there is a certificate; without a host at that of ``listen``, nowhere where it is empty.
    https: Annotated[str, msgspec.Meta(pattern=r"^((\[[0-9a-f:]+\]|[0-9.]+|localhost)?:[0-9]{1,5})?$")] = ":8443"
    http: Literal["open", "redirect"] = "open"
    # Of a name that the administrator has; else those of the house's own authority.
    certificate_file: str = ""
    key_file: str = ""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen at."""
        return _host_and_port(self.listen)

    @property
    def encrypted_address(self) -> tuple[str, int] | None:
        """Those to listen at with a certificate; None where that is not wanted."""
        if not self.https:
            return None
        host, port = _host_and_port(self.https)
        return host or self.address[0], port


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
