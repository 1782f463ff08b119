"""The demo: every program of the chain as a process of its own, and what arrives at the far end."""
