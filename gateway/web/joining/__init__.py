"""The page *join a co-operative*: its invitation pasted, or brought here by a phone's camera; one text, one yes."""
