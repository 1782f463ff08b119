"""Bridges: recipients that hand on what they are sent to a system that does not speak the federation's language."""
