"""How few members are too few: what sums of them tell of one."""

from __future__ import annotations

# Below three a sum less one's own is the neighbour's curve; below six, some who talk to each other learn the rest.
FEWEST, FEW = 3, 6
