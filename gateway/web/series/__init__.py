"""The page of the series of the house."""
