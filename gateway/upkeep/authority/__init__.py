"""The house's own authority, for its page: what it signs for, and its certificates."""
