"""The journal's form: entries that hold each other in a chain, their signatures, and how anyone checks them.

README.md here is the format, byte by byte. Read ``entry`` (one entry and its line), ``key`` (Ed25519), ``verify`` (a
whole export), then ``words`` (for people); ``gateway/store/journal.py`` keeps the entries in the database.
"""
