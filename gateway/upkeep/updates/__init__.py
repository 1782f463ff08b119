"""Updates: that a version is there, the household's word, the installation, and whether the version may stay."""
