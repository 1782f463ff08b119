"""The page's tabs of energy and money."""
