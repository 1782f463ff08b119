"""How each link stands, and what the doctor says of each meter's line."""
