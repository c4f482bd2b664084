"""A local Omise: the Links API over HTTP on this computer, for tests and for trying things out.

Standard library only. It imitates what Omise's documents and recordings show, has a switch for
everything they leave open (`Behaviour`), makes every kind of trouble on demand (`Fault`) and
remembers what it was asked (`Journal`). docs/emulator.md says what it imitates and on what ground.
"""

from .accounts import DEFAULT_ACCOUNTS, MULTI_CURRENCY, Account
from .behaviour import Behaviour
from .emulator import Emulator
from .faults import KINDS, Fault
from .journal import Journal, JournalEntry

__all__ = [
    "DEFAULT_ACCOUNTS",
    "KINDS",
    "MULTI_CURRENCY",
    "Account",
    "Behaviour",
    "Emulator",
    "Fault",
    "Journal",
    "JournalEntry",
]
