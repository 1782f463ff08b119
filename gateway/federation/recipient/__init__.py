"""The end that takes: commit first, then confirm; ask again for what is missing."""
