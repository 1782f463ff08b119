"""The list by which Raspberry Pi Imager offers an image: ``tools/os-list``."""
