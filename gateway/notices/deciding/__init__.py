"""What is worth telling: faults of links, overloads, news; each once, over restarts too."""
