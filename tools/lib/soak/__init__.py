"""A month of a house in an hour: meters, the gateway and its recipients under a clock that runs fast, and a judge."""
