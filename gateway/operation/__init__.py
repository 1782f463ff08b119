"""Collective self-consumption: its file, and what falls to each member by which key, exactly."""
