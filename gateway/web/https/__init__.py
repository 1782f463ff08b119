"""The encrypted page: its certificate, the steps to believe it, and what browsers allow there alone."""
