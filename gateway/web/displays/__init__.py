"""The page where displays are let in."""
