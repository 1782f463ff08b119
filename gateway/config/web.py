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
    # A push button from this pin (BCM number, "GPIO21") to GND: who presses it may choose the first password.
    button: Annotated[str, msgspec.Meta(pattern="^(GPIO(1?[0-9]|2[0-7]))?$")] = ""
    # Of a name that the administrator has; else those of the house's own authority.
    certificate_file: str = ""
    key_file: str = ""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen at."""
        return _host_and_port(self.listen)

    @property
    def gpio_of_button(self) -> int | None:
        """The pin of the button; None where there is none."""
        return int(self.button.removeprefix("GPIO")) if self.button else None

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
