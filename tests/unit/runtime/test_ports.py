"""Ports in use are named before anything fails on them."""

import socket

import pytest

from runtime.stack.ports import PortInUse, demand_free, free_port, listens, wait_for


def test_a_held_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens(port)
        assert wait_for(port, 1)
        with pytest.raises(PortInUse, match=f"pages: port {port} is in use.*--port"):
            demand_free(port, "pages", "--port")


def test_a_free_port_is_free() -> None:
    port = free_port()
    assert not listens(port)
    demand_free(port, "pages", "--port")
    assert not wait_for(port, 0.1)
