"""Training loop: seeded, with early stopping on validation, and resumed after an interruption.

What is reached after each epoch stands in a file of safetensors beside the checkpoint. Each epoch draws from a seed of
its own, so that a training that was interrupted ends in the same tensors as one that was not: to the bit on the same
kind of device, with as many threads.
"""

from __future__ import annotations

import copy
import json
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

from harness.artifacts import VALIDATION_CUTOFF, AnyRecommender, TrainingData, TrainingOptions, stream
from harness.errors import HarnessError
from harness.execution import progress
from harness.models.checkpoints.checkpoint import tensors_digest
from harness.models.neural.random_seed import seeded
from harness.models.neural.recipe import Recipe
from harness.models.run_messages import log_once, warn_once
from harness.storage import atomic_write

logger = logging.getLogger("harness")

_REMEDY = "Lower model.params.recipe.learning_rate, and fit again with --force."
_KEY = "training"  # key of the state's header in the metadata of the file


@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """Description of a training: the module, its batches and its loss.

    Parameters
    ----------
    name
        Name of the model, for progress and messages.
    module
        Returns a new module with initial weights on the device; it is called under a seed.
    batches
        Yields the batches of an epoch, drawn with a generator.
    steps
        Number of batches per epoch.
    loss
        Returns the loss of a module on a batch, a scalar.
    judge
        Returns the quality of a module on validation, higher is better; None without a validation part.
    basis
        Digest of inputs that were learnt before, such as codes; a state with another digest is not resumed.
    """

    name: str
    module: Callable[[], nn.Module]
    batches: Callable[[np.random.Generator], Iterator[Any]]
    steps: int
    loss: Callable[[nn.Module, Any], torch.Tensor]
    judge: Callable[[nn.Module], float] | None = None
    basis: str = ""


@dataclass
class _TrainingProgress:
    """Progress of a training."""

    phase: str
    epoch: int = 0  # finished epochs
    best_epoch: int = 0
    best_value: float = -math.inf
    worst_value: float = math.inf
    found_epochs: int = 0  # best epoch of the search phase
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key != "best"}


def validation_judge(
    data: TrainingData, training: TrainingOptions, recommender_of: Callable[[nn.Module], AnyRecommender]
) -> Callable[[nn.Module], float] | None:
    """Return a function that scores a module on validation; None if the split has no validation part."""
    judge = data.validation_metric
    return None if judge is None else lambda module: judge(recommender_of(module), training.device)


def train_module(
    on_train: TrainingPlan, on_whole: TrainingPlan | None, recipe: Recipe, training: TrainingOptions, *, seed: int
) -> nn.Module:
    """Train a module, and return it in eval mode with the weights of its best epoch.

    Parameters
    ----------
    on_train
        Plan of the training on the training part.
    on_whole
        Plan of the training on train and validation; None: only the first training runs.
    recipe
        Training options.
    training
        Device of the training, and the file of its state.
    seed
        Seed of the initial weights, the order of the examples and dropout.

    Raises
    ------
    HarnessError
        A loss is NaN or infinite, or the file of the state cannot be written.
    """
    basis = ["" if plan is None else plan.basis for plan in (on_train, on_whole)]
    training = replace(training, identity=" ".join([training.identity, *filter(None, basis)]))
    if recipe.patience is None or on_train.judge is None:
        if recipe.patience is not None:
            logger.warning(
                "%s: the split has no validation part to decide when to stop; training all %d epochs",
                on_train.name,
                recipe.epochs,
            )
        return _run(on_whole or on_train, recipe.epochs, None, recipe, training, _TrainingProgress("whole"), seed)
    reached = _TrainingProgress("search")
    kept = _saved_state(training)
    if kept is None or kept[0].phase == "search":
        module = _run(on_train, recipe.epochs, recipe.patience, recipe, training, reached, seed)
        logger.info(
            "%s: ndcg@%d on validation was best after epoch %d of %d: %.4f",
            on_train.name, VALIDATION_CUTOFF, reached.best_epoch, reached.epoch, reached.best_value,
        )  # fmt: skip
        _warn_of_constant(on_train.name, reached)
        found = reached.best_epoch
        if on_whole is None:
            return module
    else:
        found = kept[0].found_epochs
    reached = _TrainingProgress("whole", found_epochs=found)
    return _run(on_whole, found, None, recipe, training, reached, seed)  # type: ignore[arg-type]


def _warn_of_constant(name: str, reached: _TrainingProgress) -> None:
    if reached.epoch > 1 and reached.best_value == reached.worst_value:
        logger.warning(
            "%s: ndcg@%d on validation was %.4f after each of %d epochs, so it cannot decide when to stop; "
            "patience: null trains all epochs (model.params.recipe)",
            name, VALIDATION_CUTOFF, reached.best_value, reached.epoch,
        )  # fmt: skip


def _run(
    plan: TrainingPlan,
    epochs: int,
    patience: int | None,
    recipe: Recipe,
    training: TrainingOptions,
    reached: _TrainingProgress,
    seed: int,
) -> nn.Module:
    """Train for a number of epochs, or until ``patience`` runs out; update ``reached``."""
    with seeded(stream(seed, f"{plan.name} weights"), training.device):
        module = plan.module()
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, foreach=True
    )
    _resume(module, optimizer, reached, training)
    what = f"training {plan.name}" + (" on train and validation" if reached.found_epochs else "")
    before, whole = reached.epoch * plan.steps, epochs * plan.steps
    with progress(what, whole, unit="batches", done=before, quiet=training.quiet) as advance:
        while reached.epoch < epochs:
            if patience is not None and reached.epoch - reached.best_epoch >= patience and reached.best:
                break
            _epoch(plan, module, optimizer, reached.epoch, training, seed, advance)
            reached.epoch += 1
            if patience is not None and plan.judge is not None:
                module.eval()
                value = plan.judge(module)
                logger.debug("%s: epoch %d, ndcg@%d %.4f", plan.name, reached.epoch, VALIDATION_CUTOFF, value)
                reached.worst_value = min(value, reached.worst_value)
                if value > reached.best_value or not reached.best:
                    reached.best_value, reached.best_epoch = value, reached.epoch
                    reached.best = copy.deepcopy(module.state_dict())
            _save_state(module, optimizer, reached, training)
    if reached.best:
        module.load_state_dict(reached.best)
    return module.eval()


def _epoch(
    plan: TrainingPlan,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    training: TrainingOptions,
    seed: int,
    advance: Callable[[int], None],
) -> None:
    module.train()
    draw = stream(seed, f"{plan.name} epoch {epoch}")
    with seeded(draw, training.device):
        for batch in plan.batches(np.random.default_rng(draw)):
            optimizer.zero_grad(set_to_none=True)
            loss = plan.loss(module, batch)
            value = loss.item()
            if not math.isfinite(value):
                raise HarnessError(f"{plan.name}: the loss is {value} in epoch {epoch + 1}. {_REMEDY}")
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            advance(1)
    if not all(bool(torch.isfinite(weights).all()) for weights in module.parameters()):
        raise HarnessError(f"{plan.name}: weights are NaN or infinite after epoch {epoch + 1}. {_REMEDY}")


def _save_state(
    module: nn.Module, optimizer: torch.optim.Optimizer, reached: _TrainingProgress, training: TrainingOptions
) -> None:
    if training.state is None:
        return
    tensors = {f"model.{name}": tensor for name, tensor in module.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in reached.best.items()}
    for place, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    # Cloned, as tensors that share memory cannot be written.
    kept = {name: tensor.detach().to("cpu").clone().contiguous() for name, tensor in tensors.items()}
    facts = {"identity": training.identity, "digest": tensors_digest(kept), **reached.facts}
    content = safetensors.torch.save(kept, metadata={_KEY: json.dumps(facts)})
    with atomic_write(training.state) as temporary:
        temporary.write_bytes(content)


def _saved_state(training: TrainingOptions) -> tuple[_TrainingProgress, dict[str, torch.Tensor]] | None:
    """Return the saved progress and tensors of the same training; None if there are none."""
    if training.state is None or not training.state.exists():
        return None
    try:
        with safetensors.safe_open(training.state, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[_KEY])
            if facts.pop("identity") != training.identity:
                log_once(
                    f"{training.state} belongs to other data, parameters or codes; the training starts from the "
                    "beginning"
                )
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if facts.pop("digest") != tensors_digest(tensors):
            warn_once(f"{training.state} is damaged; the training starts from the beginning")
            return None
        return _TrainingProgress(**facts), tensors
    except (OSError, safetensors.SafetensorError, ValueError, TypeError, KeyError):
        return None  # truncated or of another version: the training starts from the beginning


def _resume(
    module: nn.Module, optimizer: torch.optim.Optimizer, reached: _TrainingProgress, training: TrainingOptions
) -> None:
    """Restore a module and its optimizer from the saved state of the same phase."""
    found = _saved_state(training)
    if found is None or found[0].phase != reached.phase:
        return
    earlier, tensors = found

    def part(prefix: str) -> dict[str, torch.Tensor]:
        return {
            name.removeprefix(prefix): tensor.to(training.device)
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }

    state = optimizer.state_dict()
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in part("optimizer.").items():
        place, _, what = name.partition(".")
        moments.setdefault(int(place), {})[what] = tensor.cpu() if what == "step" else tensor
    module.load_state_dict(part("model."))
    optimizer.load_state_dict(state | {"state": moments})
    reached.epoch, reached.best_epoch = earlier.epoch, earlier.best_epoch
    reached.best_value, reached.worst_value = earlier.best_value, earlier.worst_value
    reached.best = part("best.")
    logger.info("resuming an interrupted training after %d epochs", reached.epoch)


def module_tensors(module: nn.Module, *, without: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Return a module's state dict as arrays, except for the names in ``without``."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items() if name not in without}
