"""Whether the house is safe: backup, updates, encryption, who was refused, boards, who has access, what rules ask."""
