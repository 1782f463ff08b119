"""The Debian package and its units, in a Debian that is booted: ``tools/units-in-container``."""
