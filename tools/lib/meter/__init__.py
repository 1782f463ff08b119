"""A living Linky meter to test with: a household, its meter, the frames, the wire, and what can go wrong on it.

Standard library only: it runs where nothing is installed. It shares no code with the gateway: an encoder written apart
is the better judge of a decoder. Read in this order: clock, contract, household, metrology, frames, living, uart, wire,
line, capture, cli; ``process`` is the face for tests.
"""
