-- Prosody for one domain of the rig; the words with a dollar sign are filled in by tools/lib/servers/prosody.py.
run_as_root = true -- looked at for uid 0 only
-- By default what is free is looked for again as soon as 5 % more is held: a third of all that Prosody did.
gc = { mode = "incremental", threshold = 400, speed = 500 }
prosody_user = "$user" -- whose files prosodyctl writes
pidfile = "$folder/prosody.pid"
data_path = "$folder/data"
admin_socket = "$folder/prosody.sock"
certificates = "$folder/certificates"
ssl = { cafile = "$ca"; capath = false }
interfaces = { "$address" }
local_interfaces = { "$address" }
use_ipv6 = false
c2s_ports = { 5222 }
c2s_direct_tls_ports = { 5223 }
s2s_ports = { 5269 }
s2s_direct_tls_ports = {}
-- For a browser's WebSocket, at this machine alone; by whatever name it comes.
http_interfaces = { "$address" }
http_ports = { 5280 }
https_ports = {}
http_default_host = "$domain"
consider_websocket_secure = true
plugin_paths = { "$plugins" }
s2s_peers = { $peers }

modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "ping"; "posix"; "s2s_auth_certs"; "s2s_peers"; "tap"; "smacks"; "pep"; "mam";
	"offline"; "carbons"; "blocklist"; "admin_shell"; "time"; "version"; "user_account_management"; "websocket"; $register_module
	$limits_module
}
tap = ENV_LINKY_TAP -- where tests want what goes through (mod_tap)
modules_disabled = { "dialback" } -- certificates only
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = true
allow_registration = $allow_registration
registration_invite_only = $invite_only
authentication = "internal_hashed"
disable_sasl_mechanisms = { $refused_mechanisms }
password_hash = "SHA-256" -- with the default, SHA-1, only SCRAM-SHA-1 is offered
-- SQLite, since the default storage slows down with each item, and so that kill -9 loses nothing.
storage = "sql"
sql = { driver = "SQLite3"; database = "prosody.sqlite" }
network_settings = { nagle = false; tcp_backlog = 1024 } -- Nagle's algorithm costs 40 ms a round trip
smacks_hibernation_time = 60
pep_max_items = 10000
$limits
log = { { levels = { min = "info" }; to = "file"; filename = "$folder/prosody.log" } }

VirtualHost "$domain"
