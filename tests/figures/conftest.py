"""The browser of ``tests/web``, for the page that writes its numbers itself."""

from tests.web.conftest import browser

__all__ = ["browser"]
