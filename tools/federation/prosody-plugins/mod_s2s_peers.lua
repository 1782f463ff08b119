-- Sends server-to-server connections for the domains of `s2s_peers` to a fixed address, without DNS or a hosts file:
--   s2s_peers = { ["sen2.test"] = "127.77.0.2:5269" }
-- Prosody 13 has no setting for this, and Debian's prosody-modules has no mod_s2sout_override.

local manual_resolver = require "prosody.net.resolvers.manual";
local peers = module:get_option("s2s_peers", {});

module:hook("s2sout-pre-connect", function (event)
	local target = peers[event.session.to_host];
	if not target then return; end
	local ip, port = target:match("^([^:]+):(%d+)$");
	module:log("debug", "s2s to %s goes to %s port %s", event.session.to_host, ip, port);
	event.resolver = manual_resolver.new({ { "tcp4", ip, tonumber(port), {} } });
end);
