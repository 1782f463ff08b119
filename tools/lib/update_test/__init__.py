"""The trial of updates: tools/update-test."""
