"""Code travels by name: `module:qualname` on the way out, the object on the way in."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from sample_parts import double, number
from sample_project import Project

from millwork.core.callables import (
    check_user_function,
    load_module_file,
    load_reference,
    reference_to,
    user_function,
)
from millwork.core.errors import BadInput, NotFound, UnportableFunction, WrongArgument


class Outer:
    class Inner:
        @staticmethod
        def function() -> int:
            return 3


def test_a_name_leads_to_the_object_and_back() -> None:
    for target in (double, Outer, Outer.Inner, Outer.Inner.function, Path.exists):
        assert load_reference(reference_to(target)) is target


def test_a_component_is_found_under_the_name_of_its_function() -> None:
    assert reference_to(number.function) == "sample_parts:number"
    assert load_reference("sample_parts:number") is number


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        ("sample_parts", WrongArgument, "'sample_parts' is not of the form module:name"),
        ("sample_parts:dubble", NotFound, "sample_parts has no 'dubble'. Did you mean 'double'?"),
        (
            "no_such_module:double",
            NotFound,
            "There is no module 'no_such_module' (needed for double). Run from the folder that holds it, or install",
        ),
        ("sample_parts.deeper:double", NotFound, "There is no module 'sample_parts.deeper'"),
    ],
)
def test_a_name_that_leads_nowhere_says_so(reference: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        load_reference(reference)


def test_a_module_that_misses_another_module_says_which(project: Project) -> None:
    project.write("needy.py", "import not_installed_anywhere\n")
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        load_reference("needy:anything")


# Module files, as TFX users write them


def test_a_module_file_is_imported_with_its_neighbours(project: Project) -> None:
    folder = project.folder / "somewhere"
    project.write("somewhere/neighbour.py", "FACTOR = 3\n")
    file = project.write(
        "somewhere/module.py", "from neighbour import FACTOR\ndef answer():\n    return 14 * FACTOR\n"
    )
    before = list(sys.path)
    try:
        assert user_function("answer", None, file)() == 42
        assert load_module_file(file) is load_module_file(file)
    finally:
        sys.path[:] = before
    assert str(folder) not in sys.path


def test_two_module_files_of_one_name_do_not_meet(project: Project) -> None:
    first = project.write("one/module.py", "def answer():\n    return 1\n")
    second = project.write("two/module.py", "def answer():\n    return 2\n")
    before = list(sys.path)
    try:
        assert [user_function("answer", None, f)() for f in (first, second, first)] == [1, 2, 1]
    finally:
        sys.path[:] = before


def test_a_module_file_must_be_there_and_define_the_function(project: Project) -> None:
    file = project.write("module.py", "def anser():\n    return 1\n")
    with pytest.raises(BadInput, match=r"module\.py' defines no function 'answer'. Did you mean 'anser'?"):
        user_function("answer", None, file)
    with pytest.raises(BadInput, match=r"There is no module file '.*gone\.py'"):
        user_function("answer", None, project.folder / "gone.py")


def test_a_module_file_with_an_error_is_not_half_imported(project: Project) -> None:
    file = project.write("broken.py", "x = 1\nraise RuntimeError('half way')\n")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="half way"):
            load_module_file(file)
    assert "broken" not in sys.modules


def test_a_user_function_may_be_given_named_or_in_a_module_file(project: Project) -> None:
    assert user_function("f", double, None) is double
    assert user_function("f", "sample_parts.double", None) is double
    assert user_function("f", "sample_parts:double", None) is double
    with pytest.raises(NotFound, match="sample_parts has no 'dubble'"):
        user_function("f", "sample_parts.dubble", None)
    with pytest.raises(WrongArgument, match=r"Pass f=\.\.\. or module_file=\.\.\."):
        user_function("f", None, None)


def test_neither_or_both_or_an_unportable_one_is_refused_at_construction(project: Project) -> None:
    file = project.write("module.py", "")
    check_user_function("Trainer", "run_fn", double, None)
    check_user_function("Trainer", "run_fn", None, file)
    with pytest.raises(
        WrongArgument, match=r"Trainer: pass run_fn=\.\.\. or module_file=\.\.\., one of them"
    ):
        check_user_function("Trainer", "run_fn", None, None)
    with pytest.raises(WrongArgument, match=r"Trainer: pass run_fn=\.\.\. or module_file=\.\.\., not both"):
        check_user_function("Trainer", "run_fn", double, file)
    with pytest.raises(UnportableFunction, match="A lambda"):
        check_user_function("Trainer", "run_fn", lambda: None, None)
    with pytest.raises(WrongArgument, match=r"Trainer: there is no module file '.*gone\.py'"):
        check_user_function("Trainer", "run_fn", None, project.folder / "gone.py")


# Scripts and notebooks

_PRINTS_REFERENCE = """
from millwork.core.callables import reference_to

def mine(): ...

print(reference_to(mine))
"""


def test_a_function_of_a_script_is_named_by_the_script(project: Project) -> None:
    project.write("script.py", _PRINTS_REFERENCE)
    project.write("package/__init__.py", "")
    project.write("package/__main__.py", _PRINTS_REFERENCE)
    project.write("package/module.py", _PRINTS_REFERENCE)
    assert project.python("script.py").stdout == "script:mine\n"
    assert project.python("-m", "package.module").stdout == "package.module:mine\n"
    assert project.python("-m", "package").stdout == "package.__main__:mine\n"


def test_a_function_of_a_script_that_cannot_be_imported_by_its_name_is_refused(project: Project) -> None:
    project.write("my.script.py", _PRINTS_REFERENCE)
    shown = project.python("my.script.py").stderr
    assert (
        "UnportableFunction: mine is defined in 'my.script.py', whose name no import statement can say"
        in shown
    )


def test_a_function_of_a_notebook_is_refused_with_what_to_write(project: Project) -> None:
    shown = project.python("-c", _PRINTS_REFERENCE).stderr
    assert (
        "UnportableFunction: mine is defined in a notebook or an interactive session, so another process cannot import "
        "it. Move it to a file, such as steps.py, and write: from steps import mine" in shown
    )
