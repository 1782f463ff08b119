"""The end that gives: what was promised to recipients goes out, and what they ask is answered."""
