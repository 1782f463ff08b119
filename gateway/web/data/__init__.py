"""Your data: taken along, erased, handed over with the gateway."""
