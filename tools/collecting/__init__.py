"""A PostgreSQL of one's own, for the tests of the collector and for campaigns."""

from collecting.postgres import Postgres, missing_postgres

__all__ = ["Postgres", "missing_postgres"]
