"""The users of Kafka and what each may do, as the file says that is shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from tests.docs.pages import ROOT, table

FILE = ROOT / "deploy" / "helm" / "therapy" / "files" / "acls.yaml"
REDIS_USER = FILE.with_name("redis.acl").read_text(encoding="utf-8").strip()
"""The user of Redis, without a password."""


@dataclass(frozen=True, slots=True)
class Right:
    """What may be done with one resource, or with all whose names begin with its name."""

    resource: str
    name: str
    pattern: str
    operations: tuple[str, ...]

    def covers(self, resource: str, name: str) -> bool:
        """Tell whether a resource is meant."""
        fits = name.startswith(self.name) if self.pattern == "prefix" else name == self.name
        return self.resource == resource and fits


Rights = Mapping[str, Sequence[Right]]


def read_rights() -> Rights:
    """Return each user's rights, in the order of the file."""
    users = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        user: [Right(**(right | {"operations": tuple(right["operations"])})) for right in rights]
        for user, rights in users.items()
    }


def allowed(rights: Sequence[Right], resource: str, name: str) -> set[str]:
    """Return the operations that a user has on a resource."""
    return {each for right in rights if right.covers(resource, name) for each in right.operations}


def rights_table() -> str:
    """Return all rights as a Markdown table; a name that ends with a star begins others."""
    rows = [
        (f"`{user}`", right.resource, _named(right), ", ".join(right.operations))
        for user, rights in read_rights().items()
        for right in rights
    ]
    return table(("user", "resource", "name", "operations"), rows)


def redis_line() -> str:
    """Return the user of Redis as it stands in a page."""
    return f"```text\n{REDIS_USER}\n```\n"


def _named(right: Right) -> str:
    return f"`{right.name}{'*' if right.pattern == 'prefix' else ''}`"
