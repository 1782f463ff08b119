"""Meters that give pulses: a contact or an S0 output on a GPIO pin becomes an index, exact over restarts.

Read in this order: ``quantity`` (what is counted, in which units), ``debounce`` (edges to pulses), ``pin`` (gpiozero's
thread), ``counter`` (pulses to an index in the store's own recorder).
"""
