"""Which modules import which: the layers point down, no cycle, and few modules use Keras' private modules."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
# A module imports from its own row or from lower ones. The small top-level modules that are not listed are of row 1.
ROWS = {
    "cli": 6, "completion": 6, "help": 6, "__main__": 6,
    "tasks": 5,
    "distribution": 4, "report": 4, "sweeps": 4,
    "callbacks": 3, "evaluation": 3, "inspection": 3, "timing": 3, "tracking": 3, "training": 3,
    "data": 2, "models": 2, "schedules": 2, "weighting": 2,
    "config": 1, "run": 1, "security": 1,
}  # fmt: skip
TOP_LEVEL = 6
SMALL_MODULES = 1
# Imports that point up, each with the reason why it does.
UPWARD = {
    ("pipeline.config.checks", "pipeline.training.objectives.losses"): "names of losses, asked of Keras once it loads",
    ("pipeline.config.checks", "pipeline.training.optimizers"): "names of optimizers, asked of Keras once it loads",
    ("pipeline.config.checks", "pipeline.weighting.choices"): "the weighting choices know which keys they have",
    ("pipeline.keras_state", "pipeline.models.precision"): "the precision policy is part of the state to restore",
}
# Modules that use `keras.src`, which may change with any release, each with the reason why it does.
PRIVATE_KERAS = {
    "pipeline.data.randomness": "the state of Keras' seed generators has no public access",
    "pipeline.tasks.saved": "the safe mode is asked for while a model loads",
    "pipeline.training.arguments": "the same test as in `fit` tells which arguments are arrays",
    "pipeline.training.evaluate_loop": "logs reach callbacks as the same types of numbers",
    "pipeline.training.feeds.conversion": "arrays are converted as `fit` converts them",
    "pipeline.training.feeds.from_keras": "the data adapters accept and refuse what `fit` does",
    "pipeline.training.objectives.checks": "names of losses and metrics are resolved as in `compile`",
    "pipeline.training.objectives.formed": "a function becomes a loss in the same wrapper",
    "pipeline.training.objectives.named_metrics": "the container of compiled metrics is extended",
    "pipeline.training.objectives.output_losses": "the container of compiled losses is extended",
    "pipeline.training.objectives.partials": "a function becomes a loss in the same wrapper",
    "pipeline.training.prebuilding": "a functional model is known by its class",
    "pipeline.training.saving": "a trial of saving leaves the counters of names and the safe mode as they were",
    "pipeline.training.validation_sets": "the containers of compiled losses and metrics are recognized",
    "pipeline.training.validation_split": "arrays are split as `fit` splits them",
}


@cache
def modules() -> dict[str, ast.Module]:
    paths = sorted((ROOT / "pipeline").rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in zip(names, paths, strict=True)}


def imported(node: ast.AST, *, at_import: bool) -> Iterator[str]:
    """Gives the modules that code imports; with `at_import` without those that its functions import when called."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            assert part.level == 0, "relative imports are not used"
            for alias in part.names:
                module = f"{part.module}.{alias.name}"
                yield module if module in modules() else str(part.module)
        elif isinstance(part, ast.If) and "TYPE_CHECKING" in ast.dump(part.test):
            continue
        elif not (at_import and isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
            yield from imported(part, at_import=at_import)


@cache
def imports_of(name: str, *, at_import: bool) -> frozenset[str]:
    return frozenset(imported(modules()[name], at_import=at_import))


def row(name: str) -> int:
    rest = name.partition(".")[2]
    return ROWS.get(rest.partition(".")[0], SMALL_MODULES) if rest else TOP_LEVEL


def test_imports_point_down_the_layers() -> None:
    upward = {
        (name, other)
        for name in modules()
        for other in imports_of(name, at_import=False)
        if other in modules() and row(other) > row(name)
    }
    assert upward == set(UPWARD)


def test_no_modules_import_each_other_while_they_are_imported() -> None:
    graph = {name: imports_of(name, at_import=True) & modules().keys() for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a cycle: {' -> '.join(error.args[1])}") from None


def test_private_modules_of_keras_are_used_where_there_is_a_reason() -> None:
    private = {
        name
        for name in modules()
        if any(module.startswith("keras.src") for module in imports_of(name, at_import=False))
    }
    assert private == set(PRIVATE_KERAS)
