"""The figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .checks import all_checks
from .fit import Growth, fit
from .project import COMMANDS
from .results import Results
from .run import BY_HAND, EMPTY, NATIVE, OURS, REALISTIC, SMALLEST

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
NAMES = {
    OURS: "this package",
    NATIVE: "native plugin",
    SMALLEST: "by hand, smallest",
    REALISTIC: "by hand, realistic",
    EMPTY: "empty provider",
}
_STATE_PARTS = {
    "record": "the whole record",
    "inputs_outputs": "inputs and outputs",
    "provider": "of these, the provider (`__provider`, twice)",
    "stack_trace": "the engine's `stackTrace`",
    "source_position": "the engine's `sourcePosition`",
    "property_dependencies": "the engine's `propertyDependencies`",
}


def write(results: Results, path: Path) -> None:
    """Put the figures between the markers of a document; the rest of it stays."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{path.name} lacks the lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n\n{render(results)}\n{END}{after}", encoding="utf-8")


def render(results: Results) -> str:
    """Return all tables, each with a heading."""
    parts = [_machine(results)]
    parts += [_seconds(results, links) for links in results.links]
    parts += [_state(results), _memory(results), _growth(results), _promises(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _machine(results: Results) -> str:
    """Return a table with a column for each number of links, as each is measured for itself."""
    rows = [
        [name, *(batch.made.get(name, "–") for batch in results.batches)]
        for name in {name: None for batch in results.batches for name in batch.made}
    ]
    rounds = [str(batch.rounds) for batch in results.batches]
    head = ["measured on", *(f"{batch.links:,} links" for batch in results.batches)]
    return table(head, [*rows, ["rounds", *rounds]])


def _seconds(results: Results, links: int) -> str:
    head = [
        *("operation", "latency"),
        *NAMES.values(),
        *("native / this package", "smallest / this package"),
        *("realistic / this package", "this package / empty"),
        *("calls (writes), this package", "calls (writes), realistic"),
    ]
    rows = [
        _row(results, links, latency, operation)
        for operation in COMMANDS
        for latency in results.latencies
        if results.find(OURS, links, latency)
    ]
    errors = {results.error(name, links): None for name in BY_HAND}
    notes = [f"\n\nBy hand: `{error}`, so there are no figures." for error in errors if error]
    return f"## {links:,} links\n\n{table(head, rows)}{''.join(notes)}"


def _row(results: Results, links: int, latency: float, operation: str) -> list[str]:
    case = (links, latency, operation)
    return [
        operation,
        f"{latency * 1000:.0f} ms",
        *(_time(results, name, *case) for name in NAMES),
        *(_number(results.ratio(name, OURS, *case), 2) for name in (NATIVE, *BY_HAND)),
        _number(results.ratio(OURS, EMPTY, *case), 2),
        _calls(results, OURS, *case),
        _calls(results, REALISTIC, *case),
    ]


def _time(results: Results, contender: str, links: int, latency: float, operation: str) -> str:
    """Return seconds, and in brackets the processor time of all processes."""
    case = (contender, links, latency, operation)
    seconds, cpu = results.value(*case), results.value(*case, "cpu_seconds")
    return "–" if seconds is None else f"{seconds:.1f} ({_number(cpu, 1)})"


def _calls(results: Results, contender: str, links: int, latency: float, operation: str) -> str:
    calls = results.value(contender, links, latency, operation, "calls")
    writes = results.value(contender, links, latency, operation, "writes")
    return "–" if calls is None else f"{calls:.0f} ({writes:.0f})"


def _state(results: Results) -> str:
    links, latency = _state_case(results)
    rows = [
        [what, *(_number(results.state(name, links, latency, part), 0) for name in NAMES)]
        for part, what in _STATE_PARTS.items()
    ]
    head = ["bytes per link, as compact JSON", *NAMES.values()]
    return f"## State, {links:,} links\n\n{table(head, rows)}"


def _state_case(results: Results) -> tuple[int, float]:
    """Choose the largest stack that all contenders can do."""
    latency = results.latencies[-1]
    able = [
        count
        for count in results.links
        if all(results.state(name, count, latency, "record") for name in NAMES)
    ]
    return max(able or results.links), latency


def _memory(results: Results) -> str:
    latency = results.latencies[-1]
    rows = []
    for links in results.links:
        peaks = [_peak(results, name, links, latency) for name in NAMES]
        rows.append([f"{links:,}", *(_number(peak, 0) for peak in peaks)])
    head = ["links", *(f"{name}, MiB" for name in NAMES.values())]
    return f"## Greatest memory of the process that runs the provider\n\n{table(head, rows)}"


def _peak(results: Results, contender: str, links: int, latency: float) -> float | None:
    peaks = [
        results.value(contender, links, latency, operation, "peak_bytes") for operation in COMMANDS
    ]
    known = [peak for peak in peaks if peak is not None]
    return max(known) / 1024**2 if known else None


def _growth(results: Results) -> str:
    largest = max([*results.links, *(run["links"] for run in results.runs)])
    rows = []
    for operation in COMMANDS:
        fits = {name: fit(results.points(name, operation)) for name in (OURS, EMPTY)}
        rows += [
            _growth_row(operation, NAMES[name], growth, largest)
            for name, growth in fits.items()
            if growth
        ]
        ours, empty = fits[OURS], fits[EMPTY]
        if ours and empty:
            rows.append([operation, "difference: ours", *_difference(ours, empty, largest)])
    if not rows:
        return ""
    head = ["operation", "", "constant, s", "ms per link", "µs per link²", f"s at {largest:,}"]
    return f"## Growth, without latency\n\n{table(head, rows)}"


def _growth_row(operation: str, name: str, growth: Growth, largest: int) -> list[str]:
    return [
        operation,
        name,
        f"{growth.constant:.2f}",
        f"{growth.linear * 1e3:.2f}",
        f"{growth.quadratic * 1e6:.2f}",
        f"{growth.at(largest):.1f}",
    ]


def _difference(ours: Growth, empty: Growth, largest: int) -> list[str]:
    return [
        f"{ours.constant - empty.constant:+.2f}",
        f"{(ours.linear - empty.linear) * 1e3:+.2f}",
        f"{(ours.quadratic - empty.quadratic) * 1e6:+.2f}",
        f"{ours.at(largest) - empty.at(largest):+.1f}",
    ]


def _promises(results: Results) -> str:
    rows = [check.cells() for check in all_checks(results)]
    return f"## Promises\n\n{table(['', 'target', 'measured', ''], rows)}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown; all columns but the first are numbers."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
