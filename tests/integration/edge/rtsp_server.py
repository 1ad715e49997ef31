"""A real RTSP server, run by the system's Python: one JSON order on standard input, "ready" on standard output.

`launch`: the pipeline; `user`, `password`: who may watch; `then`, `after`: caps of the element `size`, and when.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def only_for(server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, order: dict[str, str]) -> None:
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "watcher")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(order["user"], order["password"]), token)
    server.set_auth(auth)
    role = GstRtspServer.RTSPPermissions()
    role.add_permission_for_role("watcher", "media.factory.access", True)
    role.add_permission_for_role("watcher", "media.factory.construct", True)
    factory.set_permissions(role)


def main() -> None:
    order = json.loads(sys.stdin.readline())
    Gst.init(None)
    server, factory = GstRtspServer.RTSPServer(), GstRtspServer.RTSPMediaFactory()
    server.set_service(str(order["port"]))
    server.set_address("127.0.0.1")
    factory.set_launch(f"( {order['launch']} )")
    factory.set_shared(True)
    if order.get("user"):
        only_for(server, factory, order)

    changed = []

    def change(element: Gst.Element) -> bool:
        changed.append(True)
        element.get_by_name("size").set_property("caps", Gst.Caps.from_string(order["then"]))
        return False

    def configure(_: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia) -> None:
        # Who connects after the change gets the new size from the beginning, as from a real camera.
        if changed:
            change(media.get_element())
        else:
            GLib.timeout_add(round(order["after"] * 1000), change, media.get_element())

    if order.get("then"):
        factory.connect("media-configure", configure)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
