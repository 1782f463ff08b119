"""``tools/site``: the documents as a site in two languages, by audience."""
