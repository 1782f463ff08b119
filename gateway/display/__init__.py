"""``linky-display``: screens, lamps, a buzzer, a button and relays on a Raspberry Pi."""
