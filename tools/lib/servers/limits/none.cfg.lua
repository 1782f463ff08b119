limits = {}
