"""The broker of the house: the live feed, Home Assistant, and the boards that relay a meter."""
