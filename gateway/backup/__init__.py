"""A backup of the whole installation in one encrypted file, and its way back onto a new card."""
