"""Keeping the machine current: which release is believed, and the few acts that need root.

``releases`` judges what a folder of releases says: keys, the signed ``latest.json``, versions; README.md is the format.
``helper`` does what needs root.
"""

# Of the machine at its own access point: as NetworkManager would choose it as well; no box of a French provider does.
OWN_ADDRESS = "10.42.0.1"
