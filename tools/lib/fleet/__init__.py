"""Many gateways on an ejabberd cluster: real sessions, stores and deliveries in few processes, every point counted."""
