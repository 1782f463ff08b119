"""What the sources' tests share."""

import pytest

from tests.gateway.sources.usb_tree import UsbTree


@pytest.fixture
def usb(tmp_path):
    """A machine without USB adapters."""
    return UsbTree(tmp_path)
