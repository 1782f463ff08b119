"""``gateway.toml``: its tables, their checks, and a sentence for whatever is wrong in it."""
