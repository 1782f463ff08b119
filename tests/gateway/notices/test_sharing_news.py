"""What the household hears of a recipient's account: what is wrong there, in numbers that are not nothing."""

import pytest

from gateway.notices.deciding.sharing_news import unbalanced
from gateway.store.queue import LastComparison, RecipientAccount


def said(standing, missing, altered, surplus, again):
    """What is told of an account whose last comparison found that; None for nothing."""
    last = LastComparison(1_781_604_000, standing, 5, missing, altered, surplus, again)
    item = unbalanced(RecipientAccount("coop@sen2.test", 0, 9, 9, 0, 9, 0, 0, 0, 0, {}, last))
    return item and str(item.text)


@pytest.mark.parametrize("standing", ["unanswered", "veiled", "broken"])
def test_of_a_day_without_an_answer_nothing_is_said(standing):
    """It counts on how often something was missing, and has found nothing itself."""
    assert said(standing, 0, 0, 0, 2) is None


def test_what_is_wrong_again_is_counted():
    """Missing and different together, from the second time on; what is too many at once."""
    assert said("differs", 2, 1, 0, 1) is None
    assert said("differs", 2, 1, 0, 2).startswith("3 readings were missing or different at coop@sen2.test")
    assert said("broken", 0, 1, 0, 3).startswith("1 reading was missing or different at coop@sen2.test")
    assert "2 readings that are not in your gateway" in said("differs", 0, 0, 2, 0)
