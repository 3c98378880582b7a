"""What code costs: cycle models of cores, and what a model will take, before there is any code for a device."""

from __future__ import annotations

from mpy_harness.costs.budget import Budget as Budget
from mpy_harness.costs.budget import scoring as scoring
from mpy_harness.costs.prediction import CostEstimate as CostEstimate
from mpy_harness.costs.prediction import StageEstimate as StageEstimate
from mpy_harness.costs.prediction import estimate as estimate
