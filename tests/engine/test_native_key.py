"""The key of the native plugin with the real engine: where it is stored, and when it is refused."""

from __future__ import annotations

import pytest
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

ONE = """
resources:
  spring:
    type: omise:Link
    properties: {title: Spring, description: d, amount: 2000, currency: THB}
"""


def test_a_key_that_is_no_longer_encrypted_is_refused(
    yaml_project: Project, omise: Emulator
) -> None:
    """A key that was encrypted and is put into the config in plain text is refused; where the
    plugin cannot see that, as in a file that Pulumi was told of, the state has it encrypted."""
    project = yaml_project
    project.env["OMISE_SECRET_KEY"] = ""
    project.yaml(ONE)
    project.config("omise:secretKey", omise.key("th"), secret=True)
    project.up().ok()
    writes(omise)

    project.pulumi("config", "set", "omise:secretKey", omise.key("th"), "--plaintext").ok()
    project.preview().failed().says("omise:secretKey stands in plain text")
    project.up().failed().says("omise:secretKey stands in plain text")
    assert omise.key("th") not in project.state_text()

    project.yaml(ONE.replace("2000", "3000"))
    elsewhere = project.folder / "elsewhere.yaml"
    (project.folder / "Pulumi.dev.yaml").rename(elsewhere)
    project.up("--config-file", str(elsewhere)).ok()
    assert omise.key("th") not in project.state_text()
    assert [link["amount"] for link in omise.links(deleted=False)] == [3000]
