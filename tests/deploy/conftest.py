"""The image's environment, made once for all tests of ``deploy/``."""
# ruff: noqa: TID251 - whether this is CI is said by the environment

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.deploy.dockerfile import DOCKERFILE, Built, carry_out, read_stages


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Yield what the Dockerfile's build stage leaves, by its own commands.

    They fetch by hash what the image is made of; without a registry they cannot.
    """
    _arguments, stages = read_stages(DOCKERFILE.read_text(encoding="utf-8"))
    try:
        yield carry_out(stages["build"], tmp_path_factory.mktemp("image"))
    except subprocess.CalledProcessError as error:
        reason = f"The image's environment cannot be made here: status {error.returncode}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
