"""Puts MicroPython and the project's files on ESP32 boards; ``tools/flash --help`` says how."""
