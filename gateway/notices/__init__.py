"""What the household is told, by whatever way, and what it may ask by chat."""
