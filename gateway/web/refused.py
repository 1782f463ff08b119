"""What the house refuses to do for the settings, in one sentence and the visitor's language, with the way back."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.web.http.answers import html

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from microdot import Response

    from gateway.errors import GatewayError
    from gateway.web.view import PageView

log = logging.getLogger(__name__)


def refused_at(
    title: str, back: str, here: str = "/settings", files: Sequence[str] = ()
) -> Callable[[PageView, GatewayError], Response]:
    """Who answers for a part (``PageGroup.refused``): 409, where nothing is changed.

    Args:
        title: key of the page's title.
        back: key of the words of the link.
        here: where that leads.
        files: styles and scripts of the part.
    """

    def refused(view: PageView, error: GatewayError) -> Response:
        log.warning("the page of %s could not do what it was asked: %s", here, type(error).__name__)
        values = {"title": title, "back": back, "here": here, "page_files": list(files)}
        sentence = error.phrase.in_language(view.lang)
        return html(replace(view, path="/settings").page("refused.html", sentence=sentence, **values), 409)

    return refused
