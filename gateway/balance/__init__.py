"""What was drawn, injected, produced and used at home, what it costs, what it will cost: arithmetic on indexes."""
