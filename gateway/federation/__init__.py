"""XMPP: what was promised to recipients goes out, and what they ask comes in. The only room that knows slixmpp.

Read in this order. ``wire``: ``stanza`` (packs as XML), ``form`` and ``fields`` (ad-hoc commands as XML).
``connection``: ``stream`` with ``pins``, ``attempt`` (one connection), ``disco`` (what it says that it can do),
``session`` (kept up), ``strangers`` and ``door`` (who may speak how much), ``account`` and ``enrolment``.
``provider``: ``commands`` with ``turns`` (each asker in its turn), ``allowed`` (what a consent opens), ``history``,
``catalogue`` with ``public_words`` and ``measured_words``, ``asking``, ``flight`` (what may be sent now, by recipient),
``delivery`` (outbox to stanzas).
``recipient`` commits before it confirms: ``subscriber`` and ``intake`` (one provider asked; what comes in), on these
``inbox`` (the gateway's, with ``supply``) and ``recipient`` (a reference).
"""

import logging

# Debian's slixmpp says at import that it was built without its fast string preparation; nobody can act on it.
logging.getLogger("slixmpp.stringprep").setLevel(logging.ERROR)
