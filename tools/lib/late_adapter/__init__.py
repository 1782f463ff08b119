"""``tools/late-adapter``: an adapter comes after the gateway has started; is its meter read?

``disk`` makes the machine's disk, ``trial`` boots it and plugs. The emulator's USB adapter is an FTDI one to the kernel
(0403:6001); its driver and the rules of the unit are Debian's own and ours.
"""
