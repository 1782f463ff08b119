"""One visit that is recorded: what the house holds then, what is asked, who asks."""

from dataclasses import dataclass, field

from gateway.web.access.access import Viewer
from tests.gateway.web.stand_in import PASSWORD

# The password of the page once more.
OWN = {"own_password": PASSWORD}


@dataclass(frozen=True)
class Visit:
    """One answer of the site: its name in the recording, the path, what is sent (form, file), what the house holds.

    ``living``: what meters and links say; ``who`` is the owner, a stranger, or the role of a link.
    """

    name: str
    path: str
    form: dict | None = None
    held: dict = field(default_factory=dict)
    living: dict = field(default_factory=dict)
    who: Viewer | None = Viewer.OWNER
    honest: bool = True
    file: bytes | None = None
