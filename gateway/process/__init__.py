"""What every program of ours is as a process: its cells, systemd, how it ends, its progress."""
