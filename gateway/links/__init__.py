"""How each link of the house is, and what is done about it: alerts, the disk, what is given up first."""
