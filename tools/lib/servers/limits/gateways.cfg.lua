-- prosody.cfg.lua: in place of the limits that are there; "limits" stays among the modules_enabled.
limits = {
	c2s = { rate = "50kb/s"; burst = "4s" }; -- a message of a gateway is at most 30 kB
	s2sin = { rate = "200kb/s" }; -- what arrives from all gateways of another server together
}
