"""Keeping the machine current: which release is believed, and the few acts that need root.

``releases`` judges what a folder of releases says: keys, the signed ``latest.json``, versions; README.md is the format.
``helper`` does what needs root.
"""
