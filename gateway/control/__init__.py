"""Orders to the running gateway: the Unix socket, what may be ordered, and who does it when none runs."""
