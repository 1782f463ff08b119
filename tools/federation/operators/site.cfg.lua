-- What an operator has of its own; names and addresses are examples.
pidfile = "/run/prosody/prosody.pid"
data_path = "/var/lib/prosody"
certificates = "/etc/prosody/certs"
interfaces = { "192.0.2.2" }
-- A recipient of a fleet logs in with several collectors, and each of them gets all that the gateways send.
limits.c2s = { rate = "1mb/s" }

VirtualHost "example.net"
