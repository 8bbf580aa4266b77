"""An artifact is a promise while a pipeline is described, and real while a step runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sample_parts import Rows, Sound

from millwork import Artifact, Component, output
from millwork.core.artifacts import Boolean, Examples, Float, Integer, Model, String
from millwork.core.callables import load_reference
from millwork.core.errors import BadInput, UnboundArtifact, WrongArgument
from millwork.core.graph import property_names


def test_a_promise_has_a_producer_and_no_place() -> None:
    examples = Rows(id="rows").examples
    assert examples.producer is not None
    assert examples.producer.id == "rows"
    with pytest.raises(UnboundArtifact, match=r"Examples made by rows has no uri yet.*run\[artifact\]\.path"):
        _ = examples.path


def test_an_artifact_without_a_place_that_nobody_makes_says_so() -> None:
    with pytest.raises(UnboundArtifact, match="Model made by nobody has no uri yet"):
        _ = Model().path


def test_a_real_artifact_has_a_folder(tmp_path: Path) -> None:
    assert Model(str(tmp_path)).path == tmp_path
    assert Model(f"file://{tmp_path}").path == tmp_path


def test_a_split_has_a_folder_of_its_own(tmp_path: Path) -> None:
    examples = Examples(str(tmp_path), split_names=("train", "eval"))
    assert examples.split("eval") == tmp_path / "Split-eval"


def test_a_split_that_is_not_there_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    examples = Examples(str(tmp_path), split_names=("train", "eval"))
    with pytest.raises(BadInput, match="Examples has no split 'evaal'. Did you mean 'eval'?"):
        examples.split("evaal")
    with pytest.raises(BadInput, match="Examples has no split 'train'. There are none"):
        Examples(str(tmp_path)).split("train")


def test_the_fields_of_a_type_are_its_properties() -> None:
    assert property_names(Sound) == ["rate", "tags"]
    assert Sound(rate=8000).properties == {"rate": 8000, "tags": ()}


def test_a_type_is_called_like_its_class_unless_it_says_otherwise() -> None:
    @dataclass(eq=False)
    class Renamed(Artifact):
        type_name = "Original"

    assert Sound.type_name == "Sound"
    assert Renamed.type_name == "Original"


def test_properties_of_two_artifacts_are_independent() -> None:
    first, second = Examples(), Examples()
    assert isinstance(first.num_examples, dict)
    first.num_examples["train"] = 1
    assert second.num_examples == {}


def test_annotations_without_the_dataclass_decorator_are_refused_instead_of_lost() -> None:
    class Undecorated(Artifact):
        rate: int = 0

    class Uses(Component):
        sound: Undecorated = output()

        def run(self) -> None: ...

    Uses.__annotations__["sound"] = Undecorated
    with pytest.raises(WrongArgument, match=r"Undecorated.*@dataclass\(eq=False\)"):
        Uses()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Integer, 0),
        (Integer, -(2**70)),
        (Float, 0.1),
        (Float, float("inf")),
        (Float, -0.0),
        (Float, 1e-300),
        (String, ""),
        (String, "two\nlines\r\nand a tab\t, and ünïcödé \U0001f600\n"),
        (Boolean, True),
        (Boolean, False),
    ],
)
def test_a_value_comes_back_as_it_was_written(kind: type[Integer], value: int, tmp_path: Path) -> None:
    kind(str(tmp_path / "value")).value = value
    read = kind(str(tmp_path / "value")).value
    assert read == value
    assert type(read) is type(value)


def test_a_value_that_is_not_a_number_stays_one_that_is_not(tmp_path: Path) -> None:
    Float(str(tmp_path / "value")).value = float("nan")
    assert Float(str(tmp_path / "value")).value != Float(str(tmp_path / "value")).value


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    import numpy as np

    real, whole, flag = Float(str(tmp_path / "f")), Integer(str(tmp_path / "i")), Boolean(str(tmp_path / "b"))
    real.value = np.float64(0.1)  # type: ignore[assignment]
    assert real.value == 0.1
    assert real.path.read_text() == "0.1"
    real.value = np.float32(0.5)  # type: ignore[assignment]
    assert real.value == 0.5
    whole.value = np.int64(7)  # type: ignore[assignment]
    assert whole.value == 7
    flag.value = np.bool_(True)  # type: ignore[assignment]
    assert flag.value is True


@pytest.mark.parametrize(
    ("kind", "wrong"), [(Integer, "many"), (Integer, 0.5), (Float, "high"), (Integer, None)]
)
def test_a_value_of_the_wrong_type_is_refused_by_the_step_that_writes_it(
    kind: type[Integer], wrong: int, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=f"{kind.__name__}.*{wrong!r}"):
        kind(str(tmp_path / "value")).value = wrong


def test_a_plan_that_was_stored_when_value_artifacts_lived_elsewhere_finds_them() -> None:
    for kind in (Boolean, Float, Integer, String):
        assert load_reference(f"millwork.core.artifacts:{kind.__name__}") is kind
