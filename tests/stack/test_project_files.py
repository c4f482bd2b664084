"""The files of a project are found and read as Pulumi finds and reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_omise_links.errors import ProjectError
from pulumi_omise_links.stack.project_files import (
    find_project_file,
    read_project_file,
    stack_config_file,
)
from pulumi_omise_links.stack.pythons import find_plugin_python


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pulumi.yaml", "name: shop\ndescription: 2026-02-30\nstackConfigDir: config\n"),
        ("Pulumi.yaml", "name: shop\ndescription: =\nstackConfigDir: config\n"),
        ("Pulumi.yaml", "name: !ours shop\nmore: !these [0x_, ~]\nstackConfigDir: config\n"),
        ("Pulumi.yaml", "name: shop\nstackConfigDir: /config\n"),
        ("Pulumi.json", '{\n\t"name": "shop",\n\t"stackConfigDir": "config"\n}\n'),
    ],
)
def test_whatever_pulumi_accepts_can_be_read(tmp_path: Path, name: str, text: str) -> None:
    """What only looks like a date, an unknown tag, JSON with tabs: the config is found all the
    same, and so is a folder that begins with a slash, which is one of the project."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")

    found = stack_config_file(file, read_project_file(file), "organization/shop/dev")

    assert found == tmp_path / "config" / f"Pulumi.dev{file.suffix}"


@pytest.mark.parametrize("nothing", ["null", "~", ""])
def test_no_folder_is_the_one_of_the_project(tmp_path: Path, nothing: str) -> None:
    """A setting without a value is as good as none."""
    file = tmp_path / "Pulumi.yaml"
    file.write_text(f"name: shop\nstackConfigDir: {nothing}\n", encoding="utf-8")

    assert stack_config_file(file, read_project_file(file), "dev") == tmp_path / "Pulumi.dev.yaml"


@pytest.mark.parametrize("options", ["{virtualenv: null}", "{virtualenv: }", "[virtualenv]"])
def test_an_option_without_a_value_names_no_environment(tmp_path: Path, options: str) -> None:
    """The plugin then runs with the Python on PATH, as Pulumi does."""
    text = f"name: shop\nruntime: {{name: python, options: {options}}}\n"
    (tmp_path / "Pulumi.yaml").write_text(text, encoding="utf-8")

    assert find_plugin_python(tmp_path, {"PULUMI_PYTHON_CMD": "sh", "PATH": "/bin"}) == "/bin/sh"


def test_of_two_project_files_the_one_of_pulumi_counts(tmp_path: Path) -> None:
    """Beside Pulumi.json, Pulumi leaves Pulumi.yaml alone."""
    for name in ("Pulumi.yml", "Pulumi.yaml", "Pulumi.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")

        assert find_project_file(tmp_path) == tmp_path / name


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("Pulumi.yaml", "name: [", "cannot be read as YAML"),
        ("Pulumi.yaml", "- name", "cannot be read as YAML"),
        ("Pulumi.yaml", "a: &a [*a]", "cannot be read as YAML"),
        ("Pulumi.json", "name: shop", "cannot be read as JSON"),
    ],
)
def test_a_broken_project_file_is_named(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    """One sentence says which file it is."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ProjectError, match=f"{name} {sentence}"):
        read_project_file(file)
