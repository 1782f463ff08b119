"""The rig's ports: nobody gets the number of another."""

import os
import subprocess
import sys

from servers import free_port

ASK = "from servers import free_port\nprint([free_port() for _ in range(50)])\ninput()"


def test_no_number_is_given_twice():
    """Four processes that ask at once, and this one: every number once, as long as they live; then it is free again."""
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(4)
    ]
    given = [free_port() for _ in range(50)]
    for process in asking:
        given += map(int, process.stdout.readline().strip("[]\n").split(","))
    for process in asking:
        process.communicate("\n")
        assert process.returncode == 0
    assert len(set(given)) == 250
