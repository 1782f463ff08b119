"""The ESP32 boards of a household: their keys, and the signed sets of files they take over the air."""
