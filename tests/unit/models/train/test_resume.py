from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.train.export import export  # noqa: E402
from models.train.further import blend  # noqa: E402
from models.train.net import Net  # noqa: E402
from models.train.resume import _module, convolutions, resume  # noqa: E402

pytestmark = pytest.mark.train


def test_a_graph_comes_back_as_the_network_that_it_was(tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = Net()
    batches = [torch.rand(2, 3, 64, 96) * 255 for _ in range(2)]
    for batch in batches:
        net(batch)  # so that the batch norms have numbers of their own
    export(net.eval(), tmp_path / "net.onnx")
    again = resume(tmp_path / "net.onnx", batches)
    with torch.no_grad():
        assert torch.allclose(again.eval()(batches[0]), net(batches[0]), atol=2e-3)
    # The norms hold what the pictures give: in training mode the answers stay near.
    with torch.no_grad():
        apart = (again.train()(torch.cat(batches)) - net(torch.cat(batches))).abs().mean()
    assert apart < 0.1


def test_every_convolution_of_the_shipped_graph_is_found_though_it_is_int8() -> None:
    found = convolutions(Path(__file__).parents[4] / "models" / "weights" / "sunlit-heads-1.onnx")
    wanted = {name for name, module in Net().named_modules() if isinstance(module, torch.nn.Conv2d)}
    assert set(found) == wanted
    assert all(weight.dtype == bias.dtype == np.float32 for weight, bias in found.values())


@pytest.mark.parametrize(
    ("node", "module"),
    [
        ("/net/head/trunk/trunk.0/trunk.0.0_2/Conv", "head.trunk.0.0"),
        ("/net/backbone/stages.2/stages.2.1/project/Conv", "backbone.stages.2.1.project"),
        ("/net/backbone/stages.0/stages.0.0/filter/Conv", "backbone.stages.0.0.filter"),
        ("/net/lateral8/lateral8.0/Conv", "lateral8.0"),
        ("/net/person/sides_1/Conv", "person.sides"),
    ],
)
def test_the_name_of_a_node_leads_to_its_module(node: str, module: str) -> None:
    assert _module(node) == module


def test_a_blend_lies_between_two_checkpoints(tmp_path: Path) -> None:
    one, two = ({"weight": torch.full((2,), value), "count": torch.tensor(int(value))} for value in (0.0, 10.0))
    torch.save(one, tmp_path / "one.pt")
    torch.save(two, tmp_path / "two.pt")
    blend(tmp_path / "one.pt", tmp_path / "two.pt", 0.6, tmp_path / "mixed.pt")
    mixed = torch.load(tmp_path / "mixed.pt", weights_only=True)
    assert mixed["weight"].tolist() == [6.0, 6.0] and int(mixed["count"]) == 10
