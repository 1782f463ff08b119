"""The page's accounts: of the broker with Home Assistant, and of the federation."""
