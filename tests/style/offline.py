"""Imports every module of the given packages; the first touch of the network ends it.

Run as ``python offline.py FOLDER PACKAGE...``, in an interpreter that has imported nothing yet.
"""

import importlib
import pkgutil
import sys


def refuse_the_network(event: str, _arguments: object) -> None:
    """An audit hook: Python reports every socket call here before it is made."""
    if event.startswith("socket."):
        message = f"{event} at import"
        raise ConnectionRefusedError(message)


def import_all(names: list[str]) -> None:
    """Imports the packages and everything in them, but no program (``__main__``)."""
    for name in names:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


if __name__ == "__main__":
    folder, *packages = sys.argv[1:]
    sys.path.insert(0, folder)
    sys.addaudithook(refuse_the_network)
    import_all(packages)
