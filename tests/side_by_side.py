"""How pytest-xdist hands files of tests to its workers: from both ends of their order (``turns``)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController


class FromBothEnds(LoadFileScheduling):
    """Files that stay together; one worker for two cores takes the last that is left, the others take the first."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.nodes.index(node) < max(1, (os.cpu_count() or 1) // 2):
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
