"""``linky-gateway``: a file for each word of the command line, and what they share."""
