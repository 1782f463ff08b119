"""One account kept connected: the stream, who may speak on it, and what leaves by it."""
