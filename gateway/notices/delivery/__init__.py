"""What is told leaves by each way once: queued in the store, in its hours, no more than it takes, over power cuts."""
