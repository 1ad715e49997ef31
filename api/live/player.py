"""What a page tells its player: where the video of a lease is, and what stands in the corner of the picture."""

from fastapi import Request

from api.live.guard import Lease
from api.live.leases import LONGEST_S
from api.media.key import key_of
from api.media.mint import who_of
from api.media.sealed import Pass, seal
from api.page import language_of
from api.reasons import reason as said


def player(request: Request, lease: Lease) -> dict[str, str]:
    """`media` lasts as long as a lease may at most; the lease itself ends it sooner."""
    viewer = lease.look.viewer
    until = int(lease.row["opened_at"].timestamp()) + LONGEST_S
    leave = Pass(viewer.person_id, lease.look.role, "lease", lease.id.hex, None, 0, lease.code, until)
    return {
        "base": f"/live/{lease.id}",
        "media": f"/live/{lease.id}/{seal(key_of(request.app), leave)}",
        "mode": lease.row["mode"],
        "who": who_of(viewer),
        "why": said(language_of(request), lease.row["reason"]),
        "code": lease.code,
    }
