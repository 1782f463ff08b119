"""``tools/site``: what the site has, and the site itself as it is made."""
