"""Files that a tool makes: written again, or with --check only compared."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


def main(
    arguments: Sequence[str] | None,
    description: str,
    made: Callable[[], Iterable[tuple[Path, str]]],
) -> int:
    """The command line of a tool that makes these files: 1 if --check finds one changed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    changed = 0
    for path, text in made():
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        changed += 1
        print(f"{path.name}: changed")
        if not options.check:
            path.write_text(text, "utf-8")
    return 1 if changed and options.check else 0
