"""``tools/image``: a card's image with Debian and the gateway in it, and its boot in an emulated machine.

Read ``models`` (for which boards, for which not), ``base`` (Debian), ``root`` (what makes it a gateway; the files are
in ``files/``), ``layout`` and ``pack`` (partitions, FAT, ext4, sums), then ``guest``, ``machine`` and ``boot_test``.
"""
