"""Damaged input, seeded and mutated from real captures and packs."""
