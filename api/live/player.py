"""What a page tells its player: where the video of a lease is, and what stands in the corner of the picture."""

from fastapi import Request

from api.live.guard import Lease
from api.live.leases import LONGEST_S
from api.media.key import key_of
from api.media.sealed import Pass, seal


def player(request: Request, lease: Lease) -> dict[str, str]:
    """`media` lasts as long as a lease may at most; the lease itself ends it sooner."""
    viewer = lease.look.viewer
    until = int(lease.row["opened_at"].timestamp()) + LONGEST_S
    leave = Pass(viewer.person_id, lease.look.role.value, "lease", lease.id.hex, "", 0, lease.code, until)
    return {
        "base": f"/live/{lease.id}",
        "media": f"/live/{lease.id}/{seal(key_of(request.app), leave)}",
        "mode": lease.row["mode"],
        "who": viewer.login if viewer.name == viewer.login else f"{viewer.name} {viewer.login}",
        "why": lease.row["reason"],
        "code": lease.code,
    }
