"""Writes the dashboards that Grafana reads: ``python -m tests.deploy.dashboards``."""

from tests.deploy.dashboards.described import made_of, read, sources
from tests.deploy.dashboards.grafana import write


def main() -> None:
    """Write every dashboard anew."""
    for source in sources():
        made_of(source).write_text(write(read(source)), encoding="utf-8")


if __name__ == "__main__":
    main()
