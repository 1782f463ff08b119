"""A gateway whose notices for devices reach a service of this machine: ``python -m … PORT AUTHORITY CONTACT run …``.

``CONTACT`` is a file: to whom a push service may write, once it is there."""

import sys
from dataclasses import replace
from pathlib import Path

from gateway.commands.main import main
from gateway.notices.delivery import ways
from gateway.notices.ways import push
from gateway.notices.ways.reach import Reach
from gateway.upkeep import owner
from gateway.upkeep.owner import ProjectOwner
from tests.gateway.web.watched import watch


class Here(Reach):
    """The network, of which every name leads to this machine, and whose services show certificates of an authority."""

    def __init__(self, authority):
        self._authority = authority

    async def numbers(self, _host, _port, *, tls, outside=False):
        assert tls
        assert outside
        return ["127.0.0.1"]

    async def context(self):
        context = await super().context()
        context.load_verify_locations(self._authority)
        return context


def run(port, authority, contact, *words):
    """As ``linky-gateway`` with these words."""
    watch()
    real = push.request_of
    push.request_of = lambda *about: replace(real(*about), port=port)
    ways.Reach = lambda: Here(authority)
    told = Path(contact)
    owner.owner = lambda: ProjectOwner(security_contact=told.read_text() if told.exists() else "")
    sys.exit(main(words))


if __name__ == "__main__":
    run(int(sys.argv[1]), *sys.argv[2:])
