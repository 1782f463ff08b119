-- Prosody 13 for the recipients of a fleet of gateways. What an operator has of its own is in site.cfg.lua beside it. The
-- tests run this file as it stands.
modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "ping"; "posix"; "smacks"; "blocklist"; "time"; "version"; "limits";
	"offline"; "s2s_auth_certs"; "admin_shell"; -- for prosodyctl
	"user_account_management"; -- a household takes its account over by a new password
}
modules_disabled = { "dialback" } -- certificates only

c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = true
allow_registration = false
authentication = "internal_hashed"
password_hash = "SHA-256" -- with the default, SHA-1, only SCRAM-SHA-1 is offered

-- The default storage slows down with each kept message, and of SQL a crash loses nothing.
storage = "sql"
sql = { driver = "SQLite3"; database = "prosody.sqlite" }

limits = {
	c2s = { rate = "1mb/s" }; -- a collector confirms every message of the fleet
	s2sin = { rate = "10mb/s" }; -- one link carries what all gateways send: 1 kB/s for every 50 of them
}
c2s_stanza_size_limit = 131072 -- the longest answer of a gateway has 101 kB
s2s_stanza_size_limit = 131072
network_settings = { nagle = false; tcp_backlog = 4096 } -- Nagle's algorithm costs 40 ms a round trip
smacks_hibernation_time = 0 -- gateways resume no session
log = { { levels = { min = "warn" }; to = "console" } }

Include "site.cfg.lua"
