"""The first start of a card: one file ``linky.toml`` on its FAT partition, read once, checked whole, then applied."""
