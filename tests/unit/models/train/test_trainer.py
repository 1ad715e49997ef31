import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.train.backbone import Backbone, Block  # noqa: E402
from models.train.net import Net  # noqa: E402
from models.train.second import cost  # noqa: E402
from models.train.trainer import Trainer, rate  # noqa: E402

pytestmark = pytest.mark.train


def test_the_rate_warms_up_and_falls_with_the_time_that_is_spent() -> None:
    assert rate(0, 0.0, 1e-3) < rate(100, 0.0, 1e-3) < rate(500, 0.0, 1e-3) == pytest.approx(1e-3)
    assert rate(500, 0.5, 1e-3) == pytest.approx(5e-4, rel=0.02)
    assert rate(500, 2.0, 1e-3) == rate(500, 1.0, 1e-3) < 2e-5


def test_freezing_stops_the_first_stages_and_every_channel_wise_filter() -> None:
    backbone = Backbone()
    backbone.freeze(2)
    assert not any(p.requires_grad for p in [*backbone.stem.parameters(), *backbone.stages[1].parameters()])
    late = [block for block in backbone.stages[4] if isinstance(block, Block)]
    assert all(block.project.weight.requires_grad and not block.filter.weight.requires_grad for block in late)
    backbone.freeze(0)
    assert all(p.requires_grad for p in backbone.parameters())


def test_the_costly_parts_learn_in_the_first_step_and_rest_in_the_second() -> None:
    torch.manual_seed(1)
    trainer = Trainer(Net(), 1e-2, frozen=2)
    images = torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8)
    labels = [torch.tensor([[0.0, 10, 10, 40, 45, 1, 0]])] * 2, [torch.zeros(0, 5)] * 2
    weights = []
    for _ in range(3):
        weights.append(trainer.net.backbone.stem[0].weight.clone())
        trainer.step(images, *labels, share=0.1)
    assert (weights[0] != weights[1]).any() and (weights[1] == weights[2]).all()


def test_a_missing_label_costs_nothing() -> None:
    logits = torch.tensor([[9.0, -9.0]])
    assert cost(logits, torch.tensor([[-1.0, -1.0]])) == 0
    assert cost(logits, torch.tensor([[1.0, -1.0]])) < cost(logits, torch.tensor([[0.0, -1.0]]))
