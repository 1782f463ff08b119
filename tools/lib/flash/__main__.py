"""``tools/flash``: arguments in, exit code out; what goes wrong is one sentence in French or English.

Exit codes: 0 done, 1 failed, 2 wrong use.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from flash import actions
from flash.dialogue import Dialogue
from flash.errors import FlashError
from flash.options import parser
from gateway.errors import GatewayError
from gateway.words.language import chosen

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one thing; its exit code."""
    options = parser().parse_args(arguments)
    dialogue = Dialogue(chosen(options.lang, os.environ), sys.stdout, assume_yes=options.yes)
    try:
        action(options)(options, dialogue)
    except (FlashError, GatewayError) as error:
        said = error.say(dialogue.language) if isinstance(error, FlashError) else error
        print(f"tools/flash: {said}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return 0


def action(options: argparse.Namespace) -> actions.Action:
    """What is asked for."""
    if options.list:
        return actions.list_ports
    if options.build_set:
        return actions.build_a_set
    if options.erase:
        return actions.erase
    return actions.update if options.update else actions.flash


if __name__ == "__main__":
    sys.exit(main())
