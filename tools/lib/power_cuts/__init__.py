"""The power cut at any write of the real store code, and what is left on the disk afterwards (``tools/power-cuts``)."""
