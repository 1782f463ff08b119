"""linky-gateway: from a Linky meter's wire to a federation of XMPP servers."""

__version__ = "0.2.0.dev0"
