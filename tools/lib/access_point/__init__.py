"""``tools/access-point``: a household's first visit without a cable, with radios that a kernel simulates.

``machine`` makes the disk: Debian's kernel with mac80211_hwsim, a radio each for the gateway, a phone and the
household's box. ``trial`` boots it and does what the phone's owner does.
"""
