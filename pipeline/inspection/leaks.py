"""Inputs that give a target away: the same values, a recoding of them, or a near-perfect prediction by one input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inspection.features import CLASSES, Feature
from pipeline.inspection.findings import SERIOUS, Finding, without

MOST_ROWS = 40_000
"""Most training rows to use, chosen at random; half of them are held out."""
MOST_PAIRS = 2_000_000
"""Rows times inputs times targets above which fewer rows are used."""
FEWEST_ROWS = 40
FEWEST_OF_CLASS = 5
"""Least held-out rows of the rarer of two classes for a meaningful area under the curve."""
SURE = 0.98
"""Skill, R² or area under the ROC curve of a single input from which it is suspected."""
LEAVES, LEAST_LEAF = 256, 3
MOST_CLASSES = 100


@dataclass(frozen=True)
class Power:
    """How well one input alone predicts a target on held-out rows.

    Attributes:
        feature: The input.
        target: The target.
        measure: `accuracy`, `ROC area`, `R²` or `R² of ranks`.
        value: Its value.
        baseline: Its value for a constant prediction.
        same: The exact relation of the two: `the same`, `a recoding` or `a multiple`; empty if there is none.
        rows: Number of held-out rows.
    """

    feature: str
    target: str
    measure: str
    value: float
    baseline: float
    same: str = ""
    rows: int = 0

    @property
    def suspect(self) -> bool:
        """Whether the input gives the target away."""
        if self.same:
            return True
        skill = (self.value - self.baseline) / max(1e-9, 1 - self.baseline)
        return self.value >= SURE and (self.measure == "ROC area" or skill >= SURE)


def powers(features: Sequence[Feature], targets: Sequence[Feature], part: str, seed: int) -> list[Power]:
    """Returns how well each input alone predicts each target, the best first.

    Args:
        features: The inputs.
        targets: The targets.
        part: The split to use.
        seed: Seed for the choice of rows.
    """
    found = []
    for target in targets:
        rows = _rows(target, part, len(features) * len(targets), seed)
        if len(rows) < FEWEST_ROWS or (target.kind == CLASSES and len(np.unique(target.values[rows])) < 2):
            continue
        found += [_power(feature, target, part, rows) for feature in features]
    return sorted(found, key=lambda power: (not power.suspect, -power.value))


def leak_findings(found: Sequence[Power], inputs: Sequence[str], of: dict[str, str]) -> list[Finding]:
    """Returns one finding per input that gives a target away.

    Args:
        found: How well each input predicts each target.
        inputs: The inputs of the model.
        of: The input that each feature comes from.
    """
    findings = []
    for power in found:
        if power.suspect:
            name = of[power.feature]
            remedy = without(name, inputs) if name == power.feature else ""
            findings.append(Finding(SERIOUS, "leak", _text(power), remedy, (name, power.target)))
    return findings


def _text(power: Power) -> str:
    beginning = f"'{power.feature}' gives target '{power.target}' away: "
    if power.same == "the same":
        return f"{beginning}the two are the same in all rows"
    if power.same == "a recoding":
        return f"{beginning}each of its values corresponds to exactly one value of the target, and vice versa"
    if power.same:
        return f"{beginning}the target is a constant times it, plus a constant"
    beside = "" if power.measure.startswith("R²") else f", against {power.baseline:.3f} by chance"
    if power.measure == "accuracy":
        beside = f", against {power.baseline:.3f} by the largest class"
    return f"{beginning}alone it reaches {power.measure} {power.value:.3f} on held-out rows{beside}"


def _rows(target: Feature, part: str, pairs: int, seed: int) -> np.ndarray:
    place = target.part(part)
    there = np.flatnonzero(~target.missing[place]) + place.start
    most = max(2_000, min(MOST_ROWS, MOST_PAIRS // max(1, pairs)))
    order = np.random.default_rng([seed, 3]).permutation(len(there))[:most]
    return np.asarray(there[order])


def _power(feature: Feature, target: Feature, part: str, rows: np.ndarray) -> Power:
    same = _relation(feature, target, part)
    half = len(rows) // 2
    fitted, held = rows[:half], rows[half:]
    score = _of_classes if target.kind == CLASSES else _of_numbers
    measure, value, baseline = score(feature, target, fitted, held)
    return Power(feature.name, target.name, measure, value, baseline, same, len(held))


def _relation(feature: Feature, target: Feature, part: str) -> str:
    """Returns the exact relation of a feature and a target; empty if there is none."""
    place = feature.part(part)
    there = ~target.missing[place]
    ours, theirs = feature.codes[place][there], target.codes[place][there]
    if not len(ours) or (ours < 0).any():
        return ""
    values, truth = feature.values[place][there], target.values[place][there]
    if feature.numeric and target.kind != CLASSES:
        if np.array_equal(values, truth):
            return "the same"
        if values.std() > 0 and truth.std() > 0 and abs(np.corrcoef(values, truth)[0, 1]) > 1 - 1e-9:
            return "a multiple"
    count = len(np.unique(theirs))
    # If each value occurs only once, anything is a recoding of anything.
    if count < 2 or count > len(theirs) // 2 or len(np.unique(ours)) != count:
        return ""
    if len(np.unique(ours * np.int64(len(target.levels) + 1) + theirs)) != count:
        return ""
    names = [feature.text(int(code)) for code in ours[:1000]] == [target.text(int(code)) for code in theirs[:1000]]
    return "the same" if names else "a recoding"


def _of_classes(feature: Feature, target: Feature, fitted: np.ndarray, held: np.ndarray) -> tuple[str, float, float]:
    from sklearn.metrics import roc_auc_score

    levels, ids = np.unique(target.values, return_inverse=True)
    ids = np.asarray(ids)
    truth, counts = ids[held], np.bincount(ids[fitted], minlength=len(levels))
    baseline = float((truth == counts.argmax()).mean())
    if len(levels) > MOST_CLASSES:
        return "accuracy", _most_frequent(feature, ids, fitted, held), baseline
    shares = _class_shares(feature, ids, fitted, held, len(levels))
    accuracy = float((shares.argmax(axis=1) == truth).mean())
    if len(levels) == 2 and min(np.bincount(truth, minlength=2)) >= FEWEST_OF_CLASS:
        area = float(roc_auc_score(truth, shares[:, 1]))
        return ("ROC area", area, 0.5) if area >= SURE else ("accuracy", accuracy, baseline)
    return "accuracy", accuracy, baseline


def _class_shares(feature: Feature, ids: np.ndarray, fitted: np.ndarray, held: np.ndarray, classes: int) -> np.ndarray:
    """Returns the class probabilities of held-out rows, from a tree or from the frequencies by category."""
    if feature.numeric:
        from sklearn.tree import DecisionTreeClassifier

        tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, min_samples_leaf=LEAST_LEAF, random_state=0)
        known, asked = _ranks(feature, fitted, held)
        tree.fit(known, ids[fitted])
        shares = np.zeros((len(held), classes))
        shares[:, tree.classes_] = tree.predict_proba(asked)
        return shares
    # A missing category is a category like any other.
    codes = feature.codes + 1
    counts = np.zeros((len(feature.levels) + 1, classes))
    np.add.at(counts, (codes[fitted], ids[fitted]), 1)
    prior = np.bincount(ids[fitted], minlength=classes) / len(fitted)
    counts += prior
    return np.asarray((counts / counts.sum(axis=1, keepdims=True))[codes[held]])


def _ranks(feature: Feature, fitted: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns values as ranks, which stay distinct in the float32 that trees work in."""
    values = feature.values[np.concatenate([fitted, held])]
    ranks = np.where(np.isnan(values), np.nan, np.searchsorted(np.sort(values), values))[:, None]
    return ranks[: len(fitted)], ranks[len(fitted) :]


def _most_frequent(feature: Feature, ids: np.ndarray, fitted: np.ndarray, held: np.ndarray) -> float:
    """Returns the accuracy of predicting the most frequent class of each value, for very many classes."""
    import pandas as pd

    codes = feature.codes
    best = pd.Series(ids[fitted]).groupby(codes[fitted]).agg(lambda values: values.mode().iloc[0])
    return float((best.reindex(codes[held]).to_numpy() == ids[held]).mean())


def _of_numbers(feature: Feature, target: Feature, fitted: np.ndarray, held: np.ndarray) -> tuple[str, float, float]:
    known, truth = target.values[fitted], target.values[held]
    share = _explained(truth, _predicted(feature, known, fitted, held))
    if share >= SURE:
        return "R²", share, 0.0
    # A few large values make up nearly all of R², and may all be held out.
    order = np.sort(known)
    known, truth = np.searchsorted(order, known) / len(order), np.searchsorted(order, truth) / len(order)
    of_ranks = _explained(truth, _predicted(feature, known, fitted, held))
    return ("R² of ranks", of_ranks, 0.0) if of_ranks >= SURE else ("R²", share, 0.0)


def _predicted(feature: Feature, known: np.ndarray, fitted: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Returns the predictions for held-out rows, from a tree or from the means by category."""
    if feature.numeric:
        from sklearn.tree import DecisionTreeRegressor

        tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, min_samples_leaf=LEAST_LEAF, random_state=0)
        before, asked = _ranks(feature, fitted, held)
        return np.asarray(tree.fit(before, known).predict(asked))
    codes = feature.codes + 1
    counts = np.bincount(codes[fitted], minlength=len(feature.levels) + 1)
    sums = np.bincount(codes[fitted], known, minlength=len(counts))
    return np.asarray(((sums + known.mean()) / (counts + 1))[codes[held]])


def _explained(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Returns R², 0 if it is worse than the mean."""
    spread = float(((truth - truth.mean()) ** 2).sum())
    return max(0.0, 1 - float(((truth - predicted) ** 2).sum()) / spread) if spread > 0 else 0.0
