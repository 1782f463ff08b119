"""``linky-collect``: a recipient for thousands of gateways, which keeps what they send in PostgreSQL."""
