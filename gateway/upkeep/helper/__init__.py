"""The few acts that need root, done for the gateway by a program of their own that systemd starts when it is asked."""
