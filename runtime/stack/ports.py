"""Free ports, and whether somebody listens on one."""

import socket
import time


class PortInUse(RuntimeError):
    """A port that another program holds; the text names it and says what to do."""


def free_port() -> int:
    """A TCP port on the loopback interface that nobody holds right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def demand_free(port: int, what: str, setting: str) -> None:
    """Raises PortInUse when somebody listens on a port that `what` needs."""
    if listens(port):
        raise PortInUse(
            f"{what}: port {port} is in use; stop the program that holds it or choose another with {setting}"
        )


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a connection to the port is accepted."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def wait_for(port: int, seconds: float) -> bool:
    """Waits until somebody listens on the port; False when nobody does in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if listens(port):
            return True
        time.sleep(0.05)
    return False
