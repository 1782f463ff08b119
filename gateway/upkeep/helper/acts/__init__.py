"""Each act is one file: its arguments, and what does it."""
