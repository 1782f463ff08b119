"""tools/setup-test: the installer tried in a fresh Debian that is booted in a container."""
