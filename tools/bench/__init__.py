"""The benchmark: this package beside a hand-written provider and beside the engine's own floor."""
