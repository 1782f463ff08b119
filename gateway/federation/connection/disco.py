"""What service discovery says of this client (XEP-0030): features, commands, nodes, and their hash (XEP-0115).

The items of an offered node are asked for at every query, by who asks. The hash is our own dozen lines: slixmpp's
plugin for it asks every server and every peer for theirs, which nobody here wants to know, and puts a filter before
each stanza.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp.exceptions import XMPPError
from slixmpp.plugins.xep_0030 import XEP_0030, DiscoInfo, DiscoItems

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from slixmpp import JID, ClientXMPP
    from slixmpp.stanza import Iq

    # Asker (bare JID) and language -> node and name of each item that it may see.
    Items = Callable[[str, str], Awaitable[Sequence[tuple[str, str]]]]

log = logging.getLogger(__name__)

CAPS = "http://jabber.org/protocol/caps"
COMMANDS = "http://jabber.org/protocol/commands"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"

# What the hash is of: the URI of a program, as XEP-0115 §4 wants one.
CAPS_NODE = "urn:linky-gateway:0"
_IDENTITY = ("client", "bot", "linky-gateway")


def verification(identities: Iterable[tuple[str, str, str]], features: Iterable[str]) -> str:
    """The verification string of XEP-0115 §5.1 (SHA-1); an identity is category, type, name, of no language."""
    said = sorted(f"{category}/{kind}//{name}" for category, kind, name in identities) + sorted(features)
    text = "".join(f"{one}<" for one in said)
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


class Discovery:
    """Answers service discovery for one client at a time.

    Args:
        features: what this client can do, besides discovery itself.
        commands: node -> name of the ad-hoc commands.
    """

    def __init__(self, features: Sequence[str], commands: Mapping[str, str]) -> None:
        self._features, self._commands = tuple(features), dict(commands)
        self._offered: dict[str, tuple[str, Items]] = {}
        self._hash = ""

    def offer(self, node: str, name: str, items: Items) -> None:
        """Say in every session that there is a node, with these items."""
        self._offered[node] = name, items

    def install(self, client: ClientXMPP) -> None:
        """Say it all of a client whose full JID the server has just bound."""
        disco, jid = client.plugin["xep_0030"], client.boundjid
        self._static = disco.static
        disco.add_identity(*_IDENTITY)
        for feature in (CAPS, INFO, ITEMS, *self._features, *([COMMANDS] if self._commands else [])):
            disco.add_feature(feature)
        if self._commands:
            disco.add_identity(category="automation", itype="command-list", name="linky-gateway", node=COMMANDS)
            disco.add_item(jid=jid.full, name="Commandes / Commands", subnode=COMMANDS)
        for node, name in self._commands.items():
            disco.add_item(jid=jid.full, name=name, node=COMMANDS, subnode=node)
            disco.add_identity(category="automation", itype="command-node", name=name, node=node)
            disco.add_feature(COMMANDS, node=node)
            disco.add_feature("jabber:x:data", node=node)
        for node, (name, _) in self._offered.items():
            disco.add_item(jid=jid.full, name=name, subnode=node)
            disco.add_identity(category="hierarchy", itype="branch", name=name, node=node)
            disco.add_feature(INFO, node=node)
            disco.add_feature(ITEMS, node=node)
            disco.set_node_handler("get_items", jid, node, self._items)
        if self._offered:
            disco.set_node_handler("get_info", jid, None, self._info)
        self._install_hash(disco, jid)

    def capabilities(self) -> ET.Element:
        """The ``<c>`` that a presence carries."""
        return ET.Element(f"{{{CAPS}}}c", {"hash": "sha-1", "node": CAPS_NODE, "ver": self._hash})

    def _install_hash(self, disco: XEP_0030, jid: JID) -> None:
        """Make the hash of all that is said by now, slixmpp's own features among it, and answer for it."""
        said = self._static.get_node(jid, "")["info"]
        features = said.get_features()
        self._hash = verification([_IDENTITY], features)
        node = f"{CAPS_NODE}#{self._hash}"
        disco.add_identity(*_IDENTITY, node=node)
        for feature in features:
            disco.add_feature(feature, node=node)

    async def _items(self, jid: JID, node: str, asker: JID, query: Iq) -> DiscoItems:
        items = DiscoItems()
        items["node"] = node
        for leaf, name in await self._seen(node, asker, query):
            items.add_item(jid, node=leaf, name=name)
        return items

    async def _info(self, jid: JID, node: str, asker: JID, query: Iq) -> DiscoInfo | None:
        """Of a leaf as its asker may see it; of everything else what was said at the beginning."""
        if node and not self._static.node_exists(jid, node):
            for branch in self._offered:
                if name := dict(await self._seen(branch, asker, query)).get(node):
                    info = DiscoInfo()
                    info.add_identity("hierarchy", "leaf", name)
                    info.add_feature(INFO)
                    return info
        # It refuses what it does not know (item-not-found).
        return self._static.get_info(jid, node, asker, query)

    async def _seen(self, node: str, asker: JID, query: Iq) -> Sequence[tuple[str, str]]:
        try:
            return await self._offered[node][1](asker.bare, str(query["lang"] or ""))
        except StoreError as error:
            log.error("service discovery could not be answered: %s", error)  # noqa: TRY400 (no traceback)
            raise XMPPError("internal-server-error") from error
