"""The whole chain, injured on purpose: README.md says how."""
