"""History from before the installation: files of others, read, checked, and shown as what they are."""
