"""What the gateway takes of time and memory, measured on this machine beside something to compare it with."""
