"""Five persons go from a document to what it promises: only what their page says, typed as it stands there."""
