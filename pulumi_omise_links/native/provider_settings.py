"""The settings of a provider in a program: the default one, or one that the program declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.output import Unknown

from ..settings import (
    ACCOUNT_ID,
    CONFIG_KEYS,
    NAMESPACE,
    SECRET_KEY,
    SECRET_KEY_ENV,
    SUB_MERCHANT_ID,
    Settings,
    refuse_misspelt,
    refuse_plain_key,
)
from ..stack.project_files import find_project_file, read_project_file, stack_config_file
from ..state_format import SECRET_MARK, names_default_provider


def as_config(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return settings as stack config spells them, which knows texts only."""
    return {
        f"{NAMESPACE}:{name}": ("true" if value else "false")
        if isinstance(value, bool)
        else str(value)
        for name, value in settings.items()
    }


def complete_settings(given: Mapping[str, Any], urn: str) -> dict[str, Any]:
    """Return what the provider is to remember.

    A provider that the program declares with a key of its own takes nothing from the environment
    that says whose account it is, as with ``pulumi_omise_links.Provider``.
    """
    has_key = bool({SECRET_KEY, SECRET_KEY_ENV} & {*given})
    if names_default_provider(urn.rpartition("::")[2]) or not has_key:
        return dict(given)
    return {SUB_MERCHANT_ID: "", ACCOUNT_ID: "", **given}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings that cannot be used, as far as they are known.

    :raises OmiseLinksError: one is misspelt or cannot be used.
    """
    config = as_config(settings)
    refuse_misspelt(config)
    if not any(isinstance(value, Unknown) for value in settings.values()):
        Settings.resolve({name: config.get(f"{NAMESPACE}:{name}") for name in CONFIG_KEYS})


def refuse_key_in_files(key: object, urn: str, folder: Path) -> None:
    """Refuse a key that stands in plain text in the file with the stack's config.

    The engine takes the marks of secrets away before it asks for a check, and configures a provider
    whose values did not change with what the state has. So it never tells that a key was encrypted
    and no longer is; the file does. A file that Pulumi was told of (``--config-file``) is not seen.

    :param urn: of the provider. Its name has that of the stack.
    :param folder: where the engine started the plugin, which is in the project.
    :raises SettingsError: the key stands there.
    """
    if not isinstance(key, str) or not key.strip().startswith("skey_"):
        return
    project = find_project_file(folder)
    if project is None:
        return
    stack = urn.partition("::")[0].rpartition(":")[2]
    files = [stack_config_file(project, read_project_file(project), stack)]
    if names_default_provider(urn.rpartition("::")[2]):
        # It may have config for all stacks. For other providers it may be a program, in which
        # ``fn::secret`` stands above the key.
        files.append(project)
    refuse_plain_key(is_secret=not any(key.strip() in _read(file) for file in files))


def with_secret_key_marked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the key marked as a secret, wherever it came from.

    The engine then stores it encrypted, even if it was given in plain text.
    """
    key = settings.get(SECRET_KEY)
    if not isinstance(key, str) or not key:
        return dict(settings)
    return {**settings, SECRET_KEY: {**SECRET_MARK, "value": key}}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
