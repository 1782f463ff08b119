-- Writes down what goes through this server and is of the federation's own namespaces, for tests that hold it to the
-- schema of gateway/federation/WIRE.md: each life of the server in a file of its own, whose last stanza may be cut where
-- it was killed. Without the option "tap", a folder, it does nothing.
module:set_global();

local filters = require "prosody.util.filters";
local uuid = require "prosody.util.uuid";
local folder = module:get_option_string("tap");
if not folder then return; end

local file = assert(io.open(folder .. "/" .. uuid.generate(), "a"));
file:setvbuf("no");

local function write(stanza)
	local text = tostring(stanza);
	if text:find("urn:quoalise:0", 1, true) or text:find("urn:linky-gateway:", 1, true) then
		file:write(text .. "\30"); -- no character of XML
	end
	return stanza;
end

filters.add_filter_hook(function(session)
	filters.add_filter(session, "stanzas/out", write);
end);
