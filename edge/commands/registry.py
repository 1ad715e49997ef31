"""Which command is carried out by what."""

from collections.abc import Mapping

from contracts.kinds import EdgeCommand
from edge.commands import Handler, clip, comfort, drill, inject_fault, live, model_update, playback, reload, self_test

HANDLERS: Mapping[EdgeCommand, Handler] = {
    EdgeCommand.INJECT_FAULT: inject_fault.carry_out,
    EdgeCommand.COMFORT: comfort.carry_out,
    EdgeCommand.LIVE: live.carry_out,
    EdgeCommand.PLAYBACK: playback.carry_out,
    EdgeCommand.CLIP: clip.carry_out,
    EdgeCommand.SELF_TEST: self_test.carry_out,
    EdgeCommand.DRILL: drill.carry_out,
    EdgeCommand.RELOAD: reload.carry_out,
    EdgeCommand.MODEL_UPDATE: model_update.carry_out,
}
