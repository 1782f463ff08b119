"""A gateway with weeks of promises for a recipient that was away, and what becomes of them when it is back."""
