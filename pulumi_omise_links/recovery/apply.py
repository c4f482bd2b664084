"""Carries out a recovery: changes the stack's state and removes records, not links at Omise."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..adoption.import_file import make_file_content, make_link_spec
from ..errors import ProjectError
from ..safe_text import escape
from ..stack.model import name_of
from ..stack.project import Project
from .decide import Action, Decision, removable_records
from .facts import RecoveryFacts


def apply_decisions(
    project: Project,
    facts: RecoveryFacts,
    decisions: Sequence[Decision],
    *,
    refresh: bool = True,
) -> None:
    """Adopt what is to be adopted, clear what made nothing, refresh links that were being deleted.

    If it is killed and run again, it continues where it stopped: records are removed last.

    :param refresh: whether to refresh, which runs the program.
    :raises ProjectError: Pulumi refused, or the stack has changed since it was read.
    :raises CreateLogError: a record cannot be removed.
    """
    if project.state().written != facts.state.written:
        raise ProjectError(
            f"Stack {escape(project.stack)} has changed since it was read. Nothing was done;"
            " run this again."
        )
    adopted = [decision for decision in decisions if decision.action is Action.ADOPT]
    for decision in adopted:
        if decision.replaces:
            taken = {*facts.state.urns, *facts.program}
            project.rename_resource(decision.urn, _free_name(decision.urn, taken))
    for protect in (False, True):
        specs = [
            (
                decision.create.resource,
                make_link_spec(
                    decision.create.resource,
                    decision.link,
                    facts.scopes[decision.create.provider],
                    decision.create.resource.inputs,
                    facts.state.urns,
                ),
            )
            for decision in adopted
            if decision.create.resource.protect is protect and decision.link
        ]
        if specs:
            project.import_resources(make_file_content(specs), protect=protect)
    left = {decision.urn for decision in decisions if decision.action is Action.LEAVE}
    settled = {decision.urn for decision in decisions} - left
    # The engine clears one entry a URN at a time; several runs killed alike leave several.
    while urns := sorted({create.urn for create in project.state().pending} & settled):
        project.clear_pending_creates(urns, facts.state.root)
    if refresh and facts.state.deleting:
        project.refresh(sorted(facts.state.deleting))
    for record in removable_records(facts, decisions):
        record.remove()


def _free_name(urn: str, taken: Collection[str]) -> str:
    """Return a name that no resource has, for the link that is replaced."""
    name = name_of(urn)
    while True:
        name = f"replaced-{name}"
        if f"{urn.removesuffix(name_of(urn))}{name}" not in taken:
            return name
