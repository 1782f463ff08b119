"""``linky-gateway run``: the parts of the house, built, joined, watched and ended."""
