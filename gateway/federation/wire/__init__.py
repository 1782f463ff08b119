"""What is said, as XML: packs, notices, commands and their forms, both ways. No connection and no store."""
