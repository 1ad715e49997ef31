from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.train.loss import Grid, assign, batch_loss, giou  # noqa: E402

pytestmark = pytest.mark.train

SIZE = (64, 64)
POINTS = 64 + 16 + 4


def test_the_overlap_of_equal_boxes_is_one_and_of_distant_ones_negative() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10]])
    overlap, generalised = giou(boxes, torch.tensor([[0.0, 0, 10, 10], [90, 90, 100, 100]]))
    assert overlap.tolist() == [1, 0] and generalised[0] == 1 and generalised[1] < -0.9


def test_every_object_gets_a_point_even_when_it_holds_no_centre() -> None:
    grid = Grid(*SIZE)
    tiny = torch.tensor([[5.0, 5, 7, 7]])
    owner, goal = assign(torch.full((POINTS,), 0.01), grid.boxes(torch.zeros(POINTS, 4)), tiny, grid)
    assert (owner == 0).sum() >= 1 and goal.max() > 0


def test_without_objects_nothing_is_assigned() -> None:
    grid = Grid(*SIZE)
    owner, goal = assign(torch.zeros(POINTS), torch.zeros(POINTS, 4), torch.zeros(0, 4), grid)
    assert (owner == -1).all() and goal.sum() == 0


def cost(output: Any, objects: list[list[float]], ignored: list[list[float]]) -> Any:
    rows, regions = torch.tensor(objects).reshape(-1, 7), torch.tensor(ignored).reshape(-1, 5)
    total, _ = batch_loss(output, [rows], [regions], Grid(*SIZE))
    return total


def test_a_kind_that_was_not_looked_for_costs_nothing() -> None:
    loud = torch.full((1, POINTS, 12), 3.0)
    both = [[0.0, 0, 0, 64, 64], [1.0, 0, 0, 64, 64]]
    assert cost(loud, [], []) > 10
    assert cost(loud, [], both) == 0


def test_an_attribute_without_a_label_gives_no_gradient() -> None:
    output = torch.zeros((1, POINTS, 12), requires_grad=True)
    cost(output, [[0.0, 8, 8, 40, 40, 1, -1]], []).backward()
    assert output.grad is not None
    assert output.grad[..., 5].abs().sum() > 0
    assert output.grad[..., 6].abs().sum() == 0
