"""A Wi-Fi of the gateway's own, for ten minutes after a start without a network: a phone there chooses the house's."""
