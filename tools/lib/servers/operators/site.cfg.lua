-- What an operator has of its own; names and addresses are examples.
pidfile = "/run/prosody/prosody.pid"
data_path = "/var/lib/prosody"
certificates = "/etc/prosody/certs"
interfaces = { "192.0.2.2" }

VirtualHost "example.net"
