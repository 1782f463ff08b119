"""SenML (RFC 8428): what a series is called, what its values are counted in, and the pack that carries them.

``naming`` the three forms of one name, ``units`` the registered units, ``pack`` records to text and back.
The room does no I/O, has no clock and knows nothing of ours but ``gateway.errors``.
"""
