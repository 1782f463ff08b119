"""The household's account at its XMPP server: its password, who takes it over, and the orders that change it."""
