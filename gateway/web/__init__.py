"""The page of the house: what the meter says now, how each link stands, a screen for the wall, and who may see it."""
