"""A real XMPP federation on one machine: two domains, two servers, a private CA, loopback only.

For the tests and for ``tools/demo``. Standard library only; needs the Debian packages of Prosody and ejabberd and the
``openssl`` command. No root, no DNS, no /etc/hosts: each domain has its own 127.x.y.z address and the standard ports.
"""

from harness.wait import wait_until
from servers.ports import free_port
from servers.process import RigError
from servers.proxy import Proxy
from servers.servers import Federation, LoopbackNet, missing_packages

__all__ = ["Federation", "LoopbackNet", "Proxy", "RigError", "free_port", "missing_packages", "wait_until"]
