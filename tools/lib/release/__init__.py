"""tools/release folder: a release as one signed static folder, which anyone may host; devices believe its keys."""
