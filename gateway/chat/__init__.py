"""What the household is told by chat, and what it may ask there."""
