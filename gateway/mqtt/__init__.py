"""The broker of the house: the live feed, Home Assistant, and the ESP32 boards with their keys and updates."""
