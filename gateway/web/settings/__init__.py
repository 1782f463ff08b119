"""The page's settings."""
