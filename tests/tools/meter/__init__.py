"""Tests of the meter simulator: against the specification, not against its own code."""
