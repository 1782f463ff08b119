"""The whole chain, injured on purpose: tests/README.md says how, REPORT.md what came of the longest run."""
