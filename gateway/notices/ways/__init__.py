"""The ways by which a notice reaches a person: mail, ntfy, a webhook, SMS; each answers done, again, or refused."""
