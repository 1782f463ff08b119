"""The household and the gateway in an XMPP client: what it is told there, and answers to what it asks."""
