"""``make mutate``: the law with one small change at a time, and the changes that no test sees.

The exit status is 1 where one of them is not known to decide nothing (``known.yaml``).
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tests.mutation.survivors import count, find_survivors, read_known, unknown
from tests.mutation.workspace import FOLDER, TESTS, make_workspace


def main(arguments: list[str]) -> int:
    """Mutate the modules; return the exit status."""
    asked = _read(arguments)
    make_workspace(asked.folder, asked.modules, asked.tests)
    mutmut = Path(sys.executable).with_name("mutmut")
    command = [str(mutmut), "run", "--max-children", str(asked.jobs)]
    ran = subprocess.run(command, cwd=asked.folder, check=False)
    if ran.returncode:
        return ran.returncode
    survivors = find_survivors(asked.folder)
    left = unknown(survivors, read_known())
    for each in left:
        sys.stdout.write(f"{each}\n")
    said = ", ".join(
        f"{number} {status}" for status, number in sorted(count(asked.folder).items())
    )
    sys.stdout.write(f"{said}; of those that survived {len(left)} are not known\n")
    return 1 if left else 0


def _read(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="of rules/, as edits.day; all where none is")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="files, or folders of them")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the mutants are kept")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
