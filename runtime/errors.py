"""What can go wrong on the wire, and what the engine does about each.

    EngineError
    ├── Indefinite        it may have taken effect or not: drop the writer, recover
    ├── Fenced            the transactional id has a newer epoch: recover, if it is still ours
    ├── Refused           it will never be taken: give the transaction up, split the batch
    ├── Denied            Kafka or Redis lets us not in, or not do this: no start, else recover
    ├── ViewMoved         Redis is not where the engine left it: recover
    └── PartitionStopped  by name, for a person: the partition stays stopped, the others go on
        └── StateUnreadable   a state value cannot be decoded: a newer schema, or a bug

No message holds a key, a value or a header of a record.
"""


class EngineError(Exception):
    """The root of the tree."""


class Indefinite(EngineError):
    """A request whose answer was lost: it took effect or it did not, and nobody here knows."""


class Fenced(EngineError):
    """The transactional id has a newer epoch: another owner's, or the broker's own time limit."""


class Refused(EngineError):
    """The broker refuses a record for good; what else it took of the transaction is given up."""


class Denied(EngineError):
    """A login, a certificate or an operation was refused; the message names what is lacking."""


class ViewMoved(EngineError):
    """The view's position is not the one that the engine left there."""


class PartitionStopped(EngineError):
    """What the engine found cannot be decided without a person; the message names it."""


class StateUnreadable(PartitionStopped):
    """A state value cannot be decoded; it is never taken for a poison record."""
