"""What PyTorch can do with a module it can do with recurrent layers."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import distributed, multiprocessing, nn
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint

import gatework
from gatework.cells import GRU, LSTM
from gatework.layers import Recurrent, Stack
from gatework.settings import Regularizers

B, T, I, H = 2, 5, 3, 7


@pytest.fixture
def layer() -> Recurrent:
    return Recurrent(LSTM(I, H))


def test_autocast_computes_in_the_type_of_the_parameters(layer):
    x = torch.randn(T, B, I)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        narrow = nn.Linear(I, I)(x)
        outputs = layer(narrow).outputs
    assert narrow.dtype == torch.bfloat16
    assert torch.equal(outputs, layer(narrow.float()).outputs)
    outputs.sum().backward()
    assert layer.cell.f.U.grad.dtype == torch.float32


def test_under_autocast_a_state_may_be_narrow(layer):
    x, state = torch.randn(T, B, I), tuple(torch.ones(B, H, dtype=torch.bfloat16) for _ in "hc")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = layer(x, state).outputs
    assert torch.equal(outputs, layer(x, tuple(part.float() for part in state)).outputs)


def test_narrow_cells_keep_their_statistics():
    cell = gatework.cells.BatchNormLSTM(I, H).to(torch.bfloat16)
    before = {name: buffer.clone() for name, buffer in cell.named_buffers()}
    Recurrent(cell)(torch.randn(T, B, I, dtype=torch.bfloat16))
    assert any(not torch.equal(buffer, before[name]) for name, buffer in cell.named_buffers())


def test_narrow_cells_start_and_reset_where_they_are_told():
    layer = Recurrent(GRU(I, H), learn_initial=True)
    nn.init.ones_(layer.initial["h"])
    resets = torch.tensor([[False], [False], [True], [False], [False]]).expand(T, B)
    x = torch.randn(T, B, I)
    narrow = copy.deepcopy(layer).to(torch.bfloat16)(x.bfloat16(), resets=resets).outputs
    torch.testing.assert_close(narrow.float(), layer(x, resets=resets).outputs, rtol=0.02, atol=0.02)


def test_states_can_be_pickled():
    for cell in (LSTM(I, H), GRU(I, H)):
        state = Recurrent(cell)(torch.randn(T, B, I)).state
        back = pickle.loads(pickle.dumps(state))
        assert type(back) is type(state)
        assert all(map(torch.equal, back, state))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_types_are_storage_with_float32_inside(layer, dtype):
    """After many steps as near to float32 as its rounding to the narrow type: the state accumulates unrounded."""
    x, wide = torch.randn(200, B, I).to(dtype), copy.deepcopy(layer.to(dtype)).float()
    state = tuple(torch.randn(B, H).to(dtype) for _ in "hc")
    result, expected = layer(x, state, every_state=True), wide(x.float(), tuple(s.float() for s in state))
    assert {part.dtype for part in (result.outputs, *result.state, *result.states)} == {dtype}
    assert torch.equal(result.outputs, expected.outputs.to(dtype))
    for module, value in ((layer, result.outputs), (wide, expected.outputs)):
        value.float().sum().backward()
        assert module.cell.f.U.grad.isfinite().all()
    torch.testing.assert_close(layer.cell.f.U.grad.float(), wide.cell.f.U.grad, rtol=0.02, atol=0.05)


def test_deterministic_mode(layer):
    x = torch.randn(T, B, I)
    torch.use_deterministic_algorithms(True)
    try:
        first, second = layer(x).outputs, layer(x).outputs
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(first, second)


def test_functional_call_sees_other_weights(layer):
    other = Recurrent(LSTM(I, H))
    x = torch.randn(T, B, I)
    outputs = torch.func.functional_call(layer, dict(other.named_parameters()), (x,)).outputs
    assert torch.equal(outputs, other(x).outputs)


def test_vmap_over_an_ensemble():
    models = [Stack(GRU, I, H, layers=2) for _ in range(3)]
    parameters, buffers = torch.func.stack_module_state(models)
    base = copy.deepcopy(models[0]).to("meta")
    x = torch.randn(T, B, I)

    def call(parameters, buffers):
        return torch.func.functional_call(base, (parameters, buffers), (x,)).outputs

    together = torch.vmap(call)(parameters, buffers)
    for one, model in zip(together, models, strict=True):
        torch.testing.assert_close(one, model(x).outputs)


# torch's own: the first jvp of a process compiles decompositions with a deprecated compiler
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_jvp_is_the_derivative_along_a_direction(layer):
    layer = layer.double()
    x, direction = torch.randn(2, T, B, I, dtype=torch.float64)
    outputs, slope = torch.func.jvp(lambda x: layer(x).outputs, (x,), (direction,))
    step = 1e-6
    numeric = (layer(x + step * direction).outputs - layer(x - step * direction).outputs) / (2 * step)
    torch.testing.assert_close(outputs, layer(x).outputs)
    torch.testing.assert_close(slope, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # as above
def test_hessian_vector_products(layer):
    """Double backward, as torch.autograd and as torch.func compute it."""
    layer = layer.double()
    x, direction = torch.randn(2, T, B, I, dtype=torch.float64)

    def loss(x):
        return layer(x).outputs.square().sum()

    _, product = torch.autograd.functional.vhp(loss, x, direction)
    step = 1e-6
    slopes = []
    for sign in (1, -1):
        moved = (x + sign * step * direction).requires_grad_()
        slopes.append(torch.autograd.grad(loss(moved), moved)[0])
    torch.testing.assert_close(product, (slopes[0] - slopes[1]) / (2 * step), rtol=1e-5, atol=1e-8)
    forward_over_reverse = torch.func.jvp(torch.func.grad(loss), (x,), (direction,))[1]
    torch.testing.assert_close(forward_over_reverse, product)


def test_a_gradient_penalty_trains(layer):
    x = torch.randn(T, B, I, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x).outputs.sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.cell.parameters() if p.ndim == 2)


def test_parametrized_weights(layer):
    """Orthogonal recurrent weights, computed once a run and trained through."""
    parametrizations.orthogonal(layer.cell.f, "U")
    U = layer.cell.f.U
    torch.testing.assert_close(U @ U.T, torch.eye(H), rtol=0, atol=1e-5)
    layer(torch.randn(T, B, I)).outputs.sum().backward()
    assert layer.cell.f.parametrizations.U.original.grad.abs().sum() > 0


@pytest.mark.parametrize("engine", ["auto", "loop"])
def test_pruned_weights(engine):
    layer = Recurrent(GRU(I, H), engine=engine)
    prune.random_unstructured(layer.cell.z, "U", amount=0.5)
    layer(torch.randn(T, B, I)).outputs.sum().backward()
    assert (layer.cell.z.U == 0).sum() == H * H // 2
    assert (layer.cell.z.U_orig.grad == 0).sum() >= H * H // 2


def test_torch_layers_can_be_weight_normed():
    module = gatework.LSTM(I, H)
    parametrizations.weight_norm(module, "weight_hh_l0")
    reference = nn.LSTM(I, H)
    reference.load_state_dict({name: getattr(module, name).detach() for name in reference.state_dict()})
    x = torch.randn(T, B, I)
    torch.testing.assert_close(module(x)[0], reference(x)[0])


def test_copies_are_independent(layer):
    other = copy.deepcopy(layer)
    with torch.no_grad():
        other.cell.f.U.add_(1)
    x = torch.randn(T, B, I)
    assert not torch.equal(layer(x).outputs, other(x).outputs)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(layer(x).outputs, other(x).outputs)


def test_transposed_inputs_give_the_same_numbers(layer):
    x = torch.randn(B, I, T).permute(2, 0, 1)
    assert not x.is_contiguous()
    assert torch.equal(layer(x).outputs, layer(x.contiguous()).outputs)


def test_activation_checkpointing():
    """A layer run a second time for its gradient, with the same masks."""
    layer = Recurrent(LSTM(I, H), regularizers=Regularizers(recurrent_dropout=0.3, zoneout={"c": 0.2}))
    x = torch.randn(T, B, I, requires_grad=True)
    slopes = []
    for call in (layer, lambda x: checkpoint(layer, x, use_reentrant=False)):
        torch.manual_seed(1)
        slopes.append(torch.autograd.grad(call(x).outputs.square().sum(), [x, *layer.parameters()]))
    torch.testing.assert_close(*slopes)


def _half_of_the_batch(rank: int, model: nn.Module, x: torch.Tensor, folder: str) -> None:
    """A process that trains on its rows; leaves the gradients that all agreed upon."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    parallel = nn.parallel.DistributedDataParallel(model)
    parallel(x[:, rank : rank + 1]).outputs.square().mean().backward()
    torch.save([parameter.grad for parameter in model.parameters()], f"{folder}/{rank}")
    distributed.destroy_process_group()


def test_distributed_data_parallel(tmp_path):
    model, x = Stack(LSTM, I, H, layers=2), torch.randn(T, 2, I)
    multiprocessing.spawn(_half_of_the_batch, (model, x, str(tmp_path)), nprocs=2)
    model(x).outputs.square().mean().backward()
    expected = [parameter.grad for parameter in model.parameters()]
    for rank in range(2):
        torch.testing.assert_close(torch.load(tmp_path / str(rank)), expected)
