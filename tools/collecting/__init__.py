"""A PostgreSQL of one's own, for the tests of the collector and for campaigns."""

from collecting.postgres import Postgres, has_timescale, missing_postgres

__all__ = ["Postgres", "has_timescale", "missing_postgres"]
