"""What `pip list -v --format json` prints, found by file names alone.

Pulumi's language host runs it before each program, and each time pip takes half a second to start.
Tests with the fixture `real_pip` have pip itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if sys.argv[1:] != ["list", "-v", "--format", "json"]:
    sys.exit(f"this stands in for `pip list -v --format json` only, not for {sys.argv[1:]}")
sys.stdout.write(
    json.dumps(
        [
            {
                "name": name.replace("_", "-"),
                "version": version,
                "location": folder,
                "installer": "pip",
            }
            for folder in sys.path
            for file in sorted(Path(folder).glob("*.dist-info"))
            for name, _, version in [file.stem.rpartition("-")]
        ]
    )
)
