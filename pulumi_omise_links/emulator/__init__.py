"""An emulator of Omise: the Links API over HTTP on this computer, for tests and for trying it out.

Standard library only. It imitates what Omise's documents and recordings show, has a switch for
everything they leave open (`Behaviour`), injects faults on demand (`Fault`) and records the
requests it got (`Journal`). docs/emulator.md says what it imitates and on what ground.
"""

from .accounts import DEFAULT_ACCOUNTS, MULTI_CURRENCY, Account
from .behaviour import Behaviour
from .emulator import Emulator
from .faults import KINDS, Fault, FaultKind
from .journal import Journal, JournalEntry

__all__ = [
    "DEFAULT_ACCOUNTS",
    "KINDS",
    "MULTI_CURRENCY",
    "Account",
    "Behaviour",
    "Emulator",
    "Fault",
    "FaultKind",
    "Journal",
    "JournalEntry",
]
