"""The page's notices: by what ways the household is told."""
