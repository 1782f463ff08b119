"""``/more``: the pages that are opened a few times a year, each with a sentence, and the other language."""
