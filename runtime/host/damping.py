"""The same line of a library's log again and again, kept to a few a minute.

While a broker cannot be reached, aiokafka writes hundreds of lines a second, which would hide
what the process itself says and cost more than its work.
"""

import logging

DAMPED = "aiokafka"
A_MINUTE = 60.0
"""Seconds that a count is for."""
SAID = 5
"""Lines of one place in the library's code that are said in that time."""


class Damper(logging.Filter):
    """Passes on the first few of each line a minute, and counts the others.

    A line is told by where it arises, not by its words. The first after a minute says how many
    were left out. Time is that of the records.
    """

    def __init__(self) -> None:
        """Have counted nothing."""
        super().__init__()
        self._counted: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is passed on; it is told what was left out before it."""
        if record.name.partition(".")[0] != DAMPED:
            return True
        place = record.name, record.lineno
        began, count = self._counted.get(place, (record.created, 0))
        if record.created - began >= A_MINUTE:
            left_out = count - SAID
            began, count = record.created, 0
            if left_out > 0:
                record.msg = f"{record.getMessage()} ({left_out} like it were left out)"
                record.args = ()
        self._counted[place] = began, count + 1
        return count < SAID
