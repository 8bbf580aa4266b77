"""What code consists of is found by reading its imports: the user's own files, not the rest of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sample_project import Project

from millwork.core.source import Sources, sources_of_file, sources_of_module, version_of


def files(found: Sources) -> set[str]:
    return set(found.files)


def test_a_module_consists_of_itself_and_of_what_it_imports_from_the_project(project: Project) -> None:
    project.write("package/__init__.py", "")
    project.write(
        "package/steps.py", "from package import near\nfrom .deep.far import f\nimport package.named as n\n"
    )
    project.write("package/near.py", "from . import nearer\n")
    project.write("package/nearer.py", "")
    project.write("package/named.py", "")
    project.write("package/deep/__init__.py", "")
    project.write("package/deep/far.py", "from ..up import x\n")
    project.write("package/up.py", "x = 1\n")
    project.write("package/unrelated.py", "")
    project.write("elsewhere.py", "")
    found = sources_of_module("package.steps")
    assert files(found) >= {
        "package.steps",
        "package.near",
        "package.nearer",
        "package.named",
        "package.deep.far",
    }
    assert "package.up" in found.files
    assert not files(found) & {"package.unrelated", "elsewhere"}


def test_the_init_files_on_the_way_count(project: Project) -> None:
    project.write("package/__init__.py", "SETTING = 1\n")
    project.write("package/inner/__init__.py", "OTHER = 1\n")
    project.write("package/inner/steps.py", "")
    assert files(sources_of_module("package.inner.steps")) == {
        "package",
        "package.inner",
        "package.inner.steps",
    }


def test_a_package_without_init_files_counts_as_well(project: Project) -> None:
    project.write("package/steps.py", "from package.helper import x\nfrom .other import y\n")
    project.write("package/helper.py", "x = 1\n")
    project.write("package/other.py", "y = 1\n")
    project.write("package/inner/deep.py", "")
    assert files(sources_of_module("package.steps")) == {"package.steps", "package.helper", "package.other"}
    assert files(sources_of_module("package.inner.deep")) == {"package.inner.deep"}


def test_top_level_neighbours_count(project: Project) -> None:
    project.write("steps.py", "import helper\nfrom features import scale\n")
    project.write("helper.py", "")
    project.write("features.py", "import more.things\nscale = 1\n")
    project.write("more/__init__.py", "")
    project.write("more/things.py", "")
    assert files(sources_of_module("steps")) == {"steps", "helper", "features", "more", "more.things"}


def test_imports_inside_functions_and_conditions_count(project: Project) -> None:
    project.write(
        "steps.py", "def f():\n    import late\n    try:\n        import tried\n    except ImportError: ...\n"
    )
    project.write("late.py", "")
    project.write("tried.py", "")
    assert files(sources_of_module("steps")) == {"steps", "late", "tried"}


def test_modules_that_import_each_other_are_no_problem(project: Project) -> None:
    project.write("one.py", "import two\n")
    project.write("two.py", "import one\n")
    assert files(sources_of_module("one")) == {"one", "two"}


def test_a_star_import_counts(project: Project) -> None:
    project.write("steps.py", "from constants import *\n")
    project.write("constants.py", "X = 1\n")
    assert files(sources_of_module("steps")) == {"steps", "constants"}


def test_of_installed_packages_only_the_names_count(project: Project) -> None:
    project.write(
        "steps.py", "import numpy as np\nfrom pyarrow import parquet\nimport json, os.path\nimport millwork\n"
    )
    found = sources_of_module("steps")
    assert files(found) == {"steps"}
    assert found.installed == {"numpy", "pyarrow", "millwork"}


def test_packages_of_another_environment_that_this_one_sees_are_installed_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of `venv --system-site-packages`, `pip install --user` and Debian's dist-packages."""
    for folder in ("site-packages", "dist-packages"):
        project.write(f"other/{folder}/theirs_{folder[:4]}.py", "")
        monkeypatch.syspath_prepend(str(project.folder / "other" / folder))
    project.write("steps.py", "import theirs_site, theirs_dist\n")
    found = sources_of_module("steps")
    assert files(found) == {"steps"}
    assert found.installed == {"theirs_site", "theirs_dist"}


def test_what_is_not_there_is_left_to_the_step(project: Project) -> None:
    project.write("steps.py", "try:\n    import not_installed_anywhere\nexcept ImportError: ...\n")
    found = sources_of_module("steps")
    assert files(found) == {"steps"}
    assert found.installed == set()


def test_a_file_that_cannot_be_parsed_counts_and_is_left_to_the_step(project: Project) -> None:
    project.write("steps.py", "def f():\n    import broken\n")
    project.write("broken.py", "def (:\n")
    assert files(sources_of_module("steps")) == {"steps", "broken"}
    assert files(sources_of_file(project.folder / "broken.py")) == {"broken"}


def test_a_module_file_consists_of_itself_and_its_neighbours(project: Project) -> None:
    file = project.write("apart/module.py", "import neighbour_of_module\nimport json\n")
    project.write("apart/neighbour_of_module.py", "")
    project.write("apart/unrelated.py", "")
    assert files(sources_of_file(file)) == {"module", "neighbour_of_module"}


def test_the_content_decides_and_the_time_does_not(project: Project) -> None:
    file = project.write("steps.py", "x = 1\n")
    before = sources_of_module("steps").files
    os.utime(file, (1, 1))
    assert sources_of_module("steps").files == before
    file.write_text("x = 2\n")
    os.utime(file, (1, 1))
    assert sources_of_module("steps").files != before


def test_new_imports_are_seen_even_if_the_clock_stands_still(project: Project) -> None:
    file = project.write("steps.py", "import one\n")
    project.write("one.py", "")
    project.write("two.py", "")
    os.utime(file, (1, 1))
    assert files(sources_of_module("steps")) == {"steps", "one"}
    file.write_text("import two\n")
    os.utime(file, (1, 1))
    assert files(sources_of_module("steps")) == {"steps", "two"}


def test_a_long_chain_of_imports_is_no_problem(project: Project) -> None:
    for i in range(1200):
        project.write(f"chain_{i}.py", f"import chain_{i + 1}\n" if i < 1199 else "")
    assert len(files(sources_of_module("chain_0"))) == 1200


def test_the_place_of_the_project_does_not_count(tmp_path: Path) -> None:
    found = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "module.py").write_text("import neighbour\n")
        (tmp_path / place / "neighbour.py").write_text("x = 1\n")
        found.append(sources_of_file(tmp_path / place / "module.py"))
    assert found[0] == found[1]


def test_versions_are_those_of_the_distribution() -> None:
    import numpy

    assert version_of("numpy") == numpy.__version__
    assert version_of("sklearn") == version_of("scikit-learn")
    assert version_of("google") != "" or version_of("google") == ""  # shared by many: any answer, no error
    assert version_of("not_installed_anywhere") == ""


@pytest.mark.parametrize("name", ["sample_parts", "millwork.core.importing"])
def test_our_own_parts_are_followed_like_a_project(name: str) -> None:
    found = sources_of_module(name)
    assert name in found.files
    assert not any(f.startswith(("numpy", "pytest")) for f in found.files)
