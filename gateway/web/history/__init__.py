"""The page's curves and days."""
