"""What the commands that speak to Kafka have in common: the settings, and how they fail."""

import os
import sys
from collections.abc import Callable

from commands.exits import FAILED, USAGE
from runtime.errors import EngineError
from runtime.host.settings import Settings, SettingsError, read_settings


def on_kafka(action: Callable[[Settings], int]) -> int:
    """Return the exit status of an action under the settings.

    Status 2 where these are wrong and 1 where Kafka failed; what is wrong is said, a line each.
    """
    try:
        return action(read_settings(os.environ))
    except (SettingsError, EngineError) as error:
        sys.stderr.write("".join(f"therapy: {line}\n" for line in str(error).splitlines()))
        return USAGE if isinstance(error, SettingsError) else FAILED
