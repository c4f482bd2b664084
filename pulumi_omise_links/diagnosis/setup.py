"""What the checks look at: a project, its stack, its account. Each part is found once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from ..errors import OmiseLinksError, ProjectError
from ..omise.client import OmiseClient
from ..omise.models import OmiseAccount
from ..omise.transport import RequestStats
from ..settings import SecretKey, Settings
from ..stack.backend import Backend
from ..stack.location import BackendLocation
from ..stack.model import StackState
from ..stack.project import Project
from ..stack.pythons import (
    PYTHON,
    ProgramPython,
    PythonFacts,
    ask_python,
    find_program_python,
)
from .pipeline import Pipeline, find_pipeline

T = TypeVar("T")


class _FoundOnce(Generic[T]):
    """A property that is computed once; an error is remembered and raised again.

    So one cause is one error object, and a check that meets it again can be told from one with a
    cause of its own.
    """

    def __init__(self, find: Callable[[Any], T]) -> None:
        self._find = find
        self.__doc__ = find.__doc__

    def __get__(self, setup: Setup, _owner: type[Setup]) -> T:
        return setup.find_once(self._find, lambda: self._find(setup))


class Setup:
    """A project as it is here. Every part may raise ``OmiseLinksError``: why it is not there."""

    def __init__(
        self,
        folder: str,
        stack: str | None,
        *,
        config_file: str | None,
        files: Sequence[str],
        environ: Mapping[str, str],
    ) -> None:
        """Look at nothing yet.

        :param stack: its name; None is the one that is selected.
        :param config_file: the file with the stack's config, if it is not where Pulumi looks.
        :param files: the manifests; empty for the one in the folder, if there is one.
        """
        self.folder = Path(folder)
        self.files = files
        self.environ = environ
        self._known: dict[object, object] = {}
        self._stack = stack
        self._config_file = config_file
        self._client: OmiseClient | None = None

    def __enter__(self) -> Setup:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    @property
    def stats(self) -> RequestStats:
        """Requests to Omise so far."""
        return RequestStats() if self._client is None else self._client.stats

    def find_once(self, what: object, find: Callable[[], T]) -> T:
        """Return what was found under this name before; find it now if it was not."""
        if what not in self._known:
            try:
                self._known[what] = find()
            except OmiseLinksError as error:
                self._known[what] = error
        known = self._known[what]
        if isinstance(known, OmiseLinksError):
            raise known
        return cast(T, known)

    def ask_python(self, command: str) -> PythonFacts:
        """Return what a Python has. That of the program and that of the plugin are mostly one."""
        return self.find_once(command, lambda: ask_python(command, self.folder))

    @_FoundOnce
    def backend(self) -> Backend:
        """Pulumi, in the folder of the project."""
        return Backend(self.folder)

    @_FoundOnce
    def location(self) -> BackendLocation:
        """Where the backend is."""
        return self.backend.location()

    @_FoundOnce
    def project(self) -> Project:
        """The project and its stack."""
        _ = self.location
        return Project(self.folder, self._stack, config_file=self._config_file)

    @_FoundOnce
    def state(self) -> StackState:
        """The state of the stack."""
        return self.project.state()

    @_FoundOnce
    def secrets(self) -> None:
        """Nothing, if the secrets of the stack can be opened."""
        self.project.require_readable_secrets()

    @_FoundOnce
    def settings(self) -> Settings:
        """The settings of the stack; those of the environment alone if there is no stack."""
        try:
            project = self.project
        except ProjectError:
            return Settings.resolve({}, self.environ)
        try:
            return project.settings()
        except ProjectError:
            _ = self.secrets  # if this is why, it is reported as that
            raise

    @property
    def has_stack(self) -> bool:
        """Whether there is a stack."""
        try:
            _ = self.project
        except ProjectError:
            return False
        return True

    @_FoundOnce
    def key(self) -> SecretKey:
        """The secret key."""
        return self.settings.key()

    @_FoundOnce
    def client(self) -> OmiseClient:
        """A client that sends no write."""
        _ = self.key
        self._client = OmiseClient(self.settings, may_write=lambda: False)
        return self._client

    @_FoundOnce
    def account(self) -> OmiseAccount | None:
        """The account of the key; None if the key may not ask for it."""
        return self.client.account()

    @_FoundOnce
    def program_python(self) -> ProgramPython:
        """The Python that runs the program."""
        return find_program_python(self.backend)

    @property
    def is_in_python(self) -> bool:
        """Whether the program is in Python; also where that is not known."""
        try:
            return self.program_python.language == PYTHON
        except OmiseLinksError:
            return True

    @_FoundOnce
    def pipeline(self) -> Pipeline | None:
        """The job of a pipeline that this is; None for a person at a computer."""
        return find_pipeline(self.environ)
