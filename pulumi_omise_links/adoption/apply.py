"""Carries out an import plan: the imports, then a preview that verifies them."""

from __future__ import annotations

from ..errors import MANAGES_LIVE_LINKS, EditError, ManifestError
from ..inventory.accounts import Accounts
from ..manifest.file import ManifestFile
from ..stack.dependencies import explicit_provider
from ..stack.project import Project
from .import_file import make_import_files
from .import_plan import Action, ImportFacts, ImportPlan, find_changes


def require_permission(accounts: Accounts, plan: ImportPlan, facts: ImportFacts) -> None:
    """Refuse an import that needs consent, if the stack does not give it.

    An import sends no write to Omise. But a stack that manages a live link deletes it with the
    next ``pulumi destroy``, so the consent is asked for here.

    :raises LiveModeError: the key of a link is live and ``omise:allowLive`` is not true.
    """
    resources = facts.preview.resources
    links = [resources[planned.urn] for planned in plan.of(Action.IMPORT) if planned.urn]
    for urn in {explicit_provider(link.provider_urn) for link in links}:
        accounts.settings(resources.get(urn)).require_permission("import links", MANAGES_LIVE_LINKS)


def import_links(project: Project, plan: ImportPlan, facts: ImportFacts) -> None:
    """Import the links of a plan into the stack. Omise is not written to.

    If it is killed and run again with a new plan, the result is the same.

    :raises ProjectError: Pulumi refused.
    """
    for file in make_import_files(plan, facts):
        project.import_resources(file.content, protect=file.protect)


def write_stack_into_manifests(
    plan: ImportPlan, stack: str, *, amount_limits: bool
) -> dict[str, str | None]:
    """Write into manifests for which stack their ids are, where they do not say it.

    Without that, another stack of the program would adopt the same links. Return the files, each
    with the reason why it was left as it is, or None.
    """
    written: dict[str, str | None] = {}
    for file in files_without_stacks(plan):
        try:
            manifest = ManifestFile.open(file, amount_limits=amount_limits)
            manifest.add_stacks([stack])
            manifest.save()
        except (EditError, ManifestError) as error:
            written[file] = str(error)
        else:
            written[file] = None
    return written


def files_without_stacks(plan: ImportPlan) -> list[str]:
    """Return the manifests with ids to import that do not say for which stacks these are."""
    files = (
        planned.entry.place.file
        for planned in plan.of(Action.IMPORT)
        if planned.entry.id and not planned.entry.stacks
    )
    return list(dict.fromkeys(files))


def verify_import(project: Project, plan: ImportPlan) -> dict[str, str]:
    """Preview, and return what the next ``pulumi up`` would change about the links of a plan.

    Sentences by name of the entry; an empty result verifies the import.

    :raises ProjectError: Pulumi refused.
    """
    return find_changes(plan, project.preview())
