"""A household's rights in practice: take everything along, bring it back, and what the archive of it looks like.

Read in this order: ``manifest`` (what an archive says of itself), ``archive`` (folder or ZIP, written and read),
``contents`` (which files it has), ``restore`` (an archive becomes a gateway's database). Erasing and correcting are the
store's (``gateway.store.erasure``, ``corrections``); the command is ``gateway/commands/privacy.py``.
"""
