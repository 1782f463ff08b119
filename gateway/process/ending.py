"""How a program of ours ends: a code, and one sentence on standard error for what a person can mend."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.errors import Exit, GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable


def ended(program: str, command: Callable[[], None]) -> int:
    """Run a command; its exit code. What is no fault that a person can mend is a bug, and shown as one."""
    try:
        command()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except (GatewayError, OSError) as error:
        return _fail(program, error)
    except BaseExceptionGroup as group:
        # Of tasks that ran beside each other.
        known, others = group.split((GatewayError, OSError))
        if known is None or others is not None:
            raise
        return _fail(program, known.exceptions[0])
    return 0


def _fail(program: str, error: BaseException) -> int:
    sentence = str(error)
    if isinstance(error, OSError) and not isinstance(error, GatewayError):
        sentence = f"{error.filename or 'a file'}: {error.strerror or error}"
    sys.stderr.write(f"{program}: {sentence}\n")
    return error.exit_code if isinstance(error, GatewayError) else Exit.STORE
