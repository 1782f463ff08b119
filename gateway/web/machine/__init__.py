"""The gateway itself: which meters it reads where, how long it keeps what they say, its restart."""
