"""The recipes of CONTRIBUTING.md, followed."""
