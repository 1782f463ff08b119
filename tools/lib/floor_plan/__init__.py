"""The plan of the house, measured: its rooms, what each may know of which other, its longest files and functions."""
