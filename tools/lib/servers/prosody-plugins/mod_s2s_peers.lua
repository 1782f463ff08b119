-- Sends server-to-server connections for the domains of `s2s_peers` to a fixed address, without DNS or a hosts file:
--   s2s_peers = { ["sen2.test"] = "127.77.0.2:5269"; ["sen1.test"] = "127.77.0.1:5269 127.77.0.3:5269" }
-- Of several, separated by blanks, the next is tried when one does not answer; where it begins is chosen at random.
-- Prosody 13 has no setting for this, and Debian's prosody-modules has no mod_s2sout_override.

local manual_resolver = require "prosody.net.resolvers.manual";
local peers = module:get_option("s2s_peers", {});

module:hook("s2sout-pre-connect", function (event)
	local target = peers[event.session.to_host];
	if not target then return; end
	local addresses = {};
	for ip, port in target:gmatch("([^:%s]+):(%d+)") do
		table.insert(addresses, math.random(#addresses + 1), { "tcp4", ip, tonumber(port), {} });
	end
	module:log("debug", "s2s to %s goes to %s", event.session.to_host, target);
	event.resolver = manual_resolver.new(addresses);
end);
