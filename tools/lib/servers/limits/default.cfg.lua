-- What Debian's /etc/prosody/prosody.cfg.lua sets.
limits = { c2s = { rate = "10kb/s" }; s2sin = { rate = "30kb/s" } }
