"""Carries out an import plan: consent, the line in the manifest, the imports."""

from __future__ import annotations

from ..errors import MANAGES_LIVE_LINKS, EditError, ManifestError
from ..inventory.accounts import Accounts
from ..manifest.file import ManifestFile
from ..manifest.text import line_for_stack
from ..stack.dependencies import explicit_provider
from ..stack.model import Preview
from ..stack.project import Project
from .import_file import make_import_files
from .import_plan import Action, ImportFacts, ImportPlan


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


def write_stack_into_manifests(plan: ImportPlan, stack: str, *, amount_limits: bool) -> list[str]:
    """Write into manifests for which stack their ids are, where they do not say it.

    Without that, another stack of the program would adopt the same links, and ``declare_links``
    would not protect them. Return the files that were written.

    :raises EditError: one of them cannot be written; it says what to do.
    """
    files = files_without_stacks(plan)
    try:
        manifests = [ManifestFile.open(file, amount_limits=amount_limits) for file in files]
        for manifest in manifests:
            manifest.add_stacks([stack])
        for manifest in manifests:
            manifest.save()
    except (EditError, ManifestError) as error:
        raise EditError(
            f"{error}\nNothing was imported. The manifest must say `{line_for_stack(stack)}`, or"
            " another stack of this program adopts the same links: put this line at its top, and"
            " run the import again."
        ) from None
    return files


def files_without_stacks(plan: ImportPlan) -> list[str]:
    """Return the manifests with ids to import that do not say for which stacks these are."""
    files = (
        planned.entry.place.file
        for planned in plan.of(Action.IMPORT)
        if planned.entry.id and not planned.entry.stacks
    )
    return list(dict.fromkeys(files))


def find_unprotected(plan: ImportPlan, preview: Preview) -> dict[str, bool]:
    """Return which links of a plan the stack holds without protection, by name of the entry.

    Each with whether the program protects it, so that the next ``pulumi up`` does. Links that a
    program keeps with ``retain_on_delete`` are not among them.
    """
    unprotected = {}
    for planned in plan.entries:
        resource = preview.resources.get(planned.urn or "")
        held = preview.held.get(planned.id or "")
        if resource and held and not held.protect and not resource.retain_on_delete:
            unprotected[planned.name] = resource.protect
    return unprotected
