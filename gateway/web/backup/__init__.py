"""Backups: one to be taken along, and how the nightly ones stand."""
