"""`python -m services.cli.console.check`: the console's own checks, by the Node it is built with.

Types are those of the contract, TypeScript is strict, Biome has nothing to say, Vitest passes.
"""

from __future__ import annotations

import sys
from typing import Final

from services.cli.console.build import install_packages
from services.cli.console.node import npm
from services.cli.instance.errors import InstanceError

TIMEOUT_S: Final = 300


def main() -> int:
    """Exit code 0 if everything passed; what was said is shown."""
    try:
        install_packages()
        done = npm(["run", "--silent", "check"], TIMEOUT_S)
    except InstanceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
