"""XMPP: what was promised to recipients goes out, and what they ask comes in. The only room that knows slixmpp.

Read in this order: ``stanza`` (packs as XML), ``form`` and ``fields`` (ad-hoc commands as XML), ``attempt`` (one
connection) and ``session`` (kept up), ``commands`` (history, subscribe, unsubscribe), ``flight`` (what may be sent now,
by recipient), ``delivery`` (outbox to stanzas). The other end commits before it confirms: ``subscriber`` and ``intake``
(one provider asked; what comes in), ``notice``, and on these ``inbox`` (the gateway's) and ``recipient`` (a reference).
"""

import logging

# Debian's slixmpp says at import that it was built without its fast string preparation; nobody can act on it.
logging.getLogger("slixmpp.stringprep").setLevel(logging.ERROR)
