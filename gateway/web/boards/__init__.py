"""The ESP32 boards of the house, as a household sees them: which there are, how each is, one more, one less."""
