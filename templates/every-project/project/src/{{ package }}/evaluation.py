"""What is measured of a model, for whom, and how good it must be: the policy says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def eval_config(policy: Path) -> dict[str, Any]:
    """TFMA's EvalConfig. The policy's other part is for `millwork compare --policy`."""
    import yaml

    content: dict[str, dict[str, Any]] = yaml.safe_load(policy.read_text("utf-8"))
    return content["evaluation"]
