"""What ``tools/package`` builds: ``debian`` lays out the .deb, ``python`` makes wheel and sdist; both reproducible."""
