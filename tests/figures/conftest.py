"""The browser of ``tests/gateway/web``, for the page that writes its numbers itself."""

from tests.gateway.web.conftest import browser

__all__ = ["browser"]
