"""The page at the gateway's own Wi-Fi: a phone there chooses the house's network; nothing else is shown there."""
