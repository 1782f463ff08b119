"""The household's own figures, put together from what is stored and what its configuration says."""
