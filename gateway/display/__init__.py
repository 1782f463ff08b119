"""``linky-display``: screens, lamps, a buzzer, a button and relays on a Raspberry Pi; README.md is the way in."""
