"""Who may see the page: password, code, links, sessions, and the pages where they are asked for."""
