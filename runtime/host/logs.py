"""What is logged: names, counts and places; never a key, a value or a header of a record.

Our own code logs through structlog. What libraries log comes through the standard library and is
held to the same: nothing below INFO, where aiokafka would write keys and values; of an exception
its class and where it arose, and its words only where they are known to hold nothing of a record.
"""

import logging
import sys
import traceback
from asyncio import AbstractEventLoop
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from structlog.typing import EventDict, Processor, WrappedLogger

from runtime.errors import EngineError
from runtime.host.damping import Damper
from runtime.host.settings import Settings, SettingsError

FRAMEWORKS = ("aiokafka", "faststream", "uvicorn", "asyncio", "redis")
FRAMES = 6
"""So many of the innermost are named."""
SPOKEN = (EngineError, KafkaError, OSError, SettingsError)
"""Exceptions whose words hold nothing of a record."""


def configure(settings: Settings) -> None:
    """Send every log of the process to standard error, one line each."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    is_json = settings.log_format == "json" or (
        settings.log_format == "auto" and not sys.stderr.isatty()
    )
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_values,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendered = structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Damper())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, rendered],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in FRAMEWORKS:
        framework = logging.getLogger(name)
        framework.handlers = []
        framework.propagate = True
        framework.setLevel(max(level, logging.INFO))
    # When it starts and ends is said by the process itself.
    logging.getLogger("uvicorn").setLevel(max(level, logging.WARNING))


def without_values(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Say of an exception its class and where it arose; its words only where they are safe."""
    del logger, method
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event.update(said_of(error))
    event.pop("stack_info", None)
    return event


def _exception(stated: object) -> BaseException | None:
    match stated:
        case BaseException():
            return stated
        case (_, BaseException() as error, _):
            return error
        case True:
            return sys.exception()
        case _:
            return None


def said_of(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an exception."""
    if isinstance(error, SPOKEN):
        return {"error": type(error).__name__, "reason": str(error)}
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return {
        "error": type(error).__name__,
        "arose": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


class FrameworkLog:
    """What FastStream is given to log with: its own words, and of exceptions what is safe."""

    def __init__(self, name: str) -> None:
        """Log under ``name``."""
        self._log = structlog.get_logger(name)

    def log(
        self,
        level: int,
        msg: object,
        /,
        *,
        exc_info: BaseException | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        """Log from WARNING on; the words beside an exception quote it, so they are left out.

        Its warnings are advice on what we chose; trouble comes with an exception.
        """
        del extra
        if level < logging.WARNING:
            return
        if exc_info is None:
            self._log.info(str(msg))
        else:
            self._log.log(level, "framework_error", exc_info=exc_info)


def watch_loop(loop: AbstractEventLoop) -> None:
    """Log what nobody awaited; asyncio's own handler would quote the exception."""

    def handle(loop: AbstractEventLoop, context: Mapping[str, Any]) -> None:
        del loop
        structlog.get_logger("asyncio").error(
            "unhandled_in_loop", exc_info=context.get("exception")
        )

    loop.set_exception_handler(handle)
