"""What goes wrong while a folder is made: one sentence for whoever makes it."""

from __future__ import annotations


class FolderError(Exception):
    """One sentence: where, what, what to do."""
