"""Addresses as people write and read them, of XMPP and of notices: whether one can be, and is what it seems."""
