"""Which version runs, whether there is a newer one, and the household's word about it."""
