"""The environment in which ``pulumi`` is run.

What is asked of Pulumi must not depend on the user's environment. So a variable is removed if it
changes what a command does or what it prints. Variables stay if they say where something is or how
it is reached (backend, stack, config file, passphrase, plugins, proxies).

Source of the names: sdk/go/common/env/env.go and cmd/pulumi/pulumi.go of pulumi/pulumi 3.276.
"""

from __future__ import annotations

from collections.abc import Mapping

# Pulumi sets each flag of each command from a variable of this prefix.
_FLAG_PREFIX = "PULUMI_OPTION_"
CONFIG_FILE = f"{_FLAG_PREFIX}CONFIG_FILE"
_LOCATIONS = {f"{_FLAG_PREFIX}STACK", CONFIG_FILE}
_REMOVED = frozenset(
    {
        # They choose another form of output, or add text to it.
        "PULUMI_ENABLE_STREAMING_JSON_PREVIEW",
        "PULUMI_NEO",
        "PULUMI_COPILOT",
        # They change what is carried out, compared, or saved when a run is killed.
        "PULUMI_RUN_PROGRAM",
        "PULUMI_CONTINUE_ON_ERROR",
        "PULUMI_SKIP_CHECKPOINTS",
        "PULUMI_DISABLE_PROVIDER_PREVIEW",
        "PULUMI_LEGACY_PROVIDER_PREVIEW",
        "PULUMI_DISABLE_RESOURCE_REFERENCES",
        "PULUMI_DISABLE_OUTPUT_VALUES",
        "PULUMI_DISABLE_REFRESH_BEFORE_UPDATE",
        "PULUMI_ENABLE_LEGACY_DIFF",
        "PULUMI_ENABLE_LEGACY_REFRESH_DIFF",
        "PULUMI_EXPERIMENTAL",
        "PULUMI_DEV",
        "PULUMI_DEBUG_COMMANDS",
        # It names a file into which the engine writes all values, secret ones in plain text.
        "PULUMI_DEBUG_GRPC",
    }
)


def pulumi_environment(
    environ: Mapping[str, str], *, config_file: str | None = None
) -> dict[str, str]:
    """Return the environment for ``pulumi``, made from the user's own.

    :param config_file: the file with the stack's config, if it is not where Pulumi looks.
    """
    env = {name: value for name, value in environ.items() if not _changes_the_run(name)}
    env["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    if config_file is not None:
        # A variable and not a flag: commands that read no config refuse the flag.
        env[CONFIG_FILE] = config_file
    return env


def _changes_the_run(name: str) -> bool:
    return name in _REMOVED or (name.startswith(_FLAG_PREFIX) and name not in _LOCATIONS)
