"""XMPP addresses as people write and read them: whether one can be, and whether it is what it seems."""
