"""Whether a peer keeps to the wire document (``gateway/federation/WIRE.md``), seen from the other side."""
