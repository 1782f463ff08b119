"""The page *my roof*: roofs of which the household holds shares, and its part beside what it used."""
