"""``/help``: the guide for households, as ``tools/documents`` writes it from its Markdown; without the Internet."""
