"""A fleet from one CSV file: accounts, cards, labels, a register; ``tools/provision --help`` says how."""
