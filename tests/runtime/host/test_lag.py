"""How far behind each partition is said to be."""

from runtime.engine.records import Place, Record
from runtime.host.lag import Behind, Lag

P = Place("t", 0)


class Clock:
    """Seconds since 1970, moved by the test."""

    def __init__(self) -> None:
        """Begin a while after the first second."""
        self.now = 1_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def records(*offsets: int, at: float) -> list[Record]:
    """Return records that the broker took at this time, in seconds."""
    return [Record(offset, None, None, timestamp=int(at * 1000)) for offset in offsets]


def lag_of(clock: Clock) -> Lag:
    """Return the lag of one partition that begins at offset 0."""
    lag = Lag(clock)
    lag.assigned([P])
    lag.sought(P, 0)
    return lag


def test_a_partition_of_which_nothing_is_known_is_not_behind() -> None:
    """Neither position nor end is known yet."""
    lag = Lag(Clock())
    assert lag.behind() == {}
    lag.assigned([P])
    assert lag.behind() == {P: Behind(0, 0.0)}


def test_records_are_what_is_between_the_position_and_the_end() -> None:
    """Ten were written and four are handled: six are left."""
    lag = lag_of(Clock())
    lag.ended({P: 10})
    lag.handled(P, 4)
    assert lag.behind()[P].records == 6


def test_seconds_are_the_age_of_the_oldest_record_that_is_not_handled() -> None:
    """Handled records count no more, not even in the middle of what was delivered."""
    clock = Clock()
    lag = lag_of(clock)
    lag.delivered(P, [*records(0, 1, at=900), *records(2, 5, at=980)])
    lag.delivered(P, records(7, at=990))
    assert lag.behind()[P].seconds == 100
    lag.handled(P, 2)
    assert lag.behind()[P].seconds == 20
    lag.handled(P, 6)
    assert lag.behind()[P].seconds == 10
    lag.handled(P, 8)
    assert lag.behind()[P].seconds == 0
    assert not lag.is_waiting(P)


def test_the_clock_of_the_broker_may_be_ahead() -> None:
    """A record of the future is not behind."""
    lag = lag_of(Clock())
    lag.delivered(P, records(0, at=2_000))
    assert lag.behind()[P].seconds == 0


def test_a_partition_that_delivers_nothing_is_behind_since_it_was_seen() -> None:
    """One that recovers or is stopped has no record to show, but the log goes on."""
    clock = Clock()
    lag = lag_of(clock)
    lag.ended({P: 3})
    clock.now += 30
    lag.ended({P: 5})
    assert lag.behind()[P] == Behind(5, 30.0)
    lag.delivered(P, records(0, 1, 2, 3, 4, at=1_029))
    lag.ended({P: 5})
    assert lag.behind()[P] == Behind(5, 1.0)
    lag.handled(P, 5)
    lag.ended({P: 5})
    clock.now += 30
    assert lag.behind()[P] == Behind(0, 0.0)


def test_what_is_sought_comes_again() -> None:
    """After a recovery the records that waited are delivered anew."""
    clock = Clock()
    lag = lag_of(clock)
    lag.delivered(P, records(0, 1, at=900))
    lag.sought(P, 1)
    assert not lag.is_waiting(P)
    lag.ended({P: 2})
    assert lag.behind()[P] == Behind(1, 0.0)


def test_partitions_of_others_are_left_out() -> None:
    """Of what is not assigned nothing is kept, and an assignment begins anew."""
    lag = lag_of(Clock())
    other = Place("t", 1)
    lag.delivered(other, records(0, at=900))
    lag.handled(other, 1)
    lag.sought(other, 1)
    lag.ended({other: 1})
    assert set(lag.behind()) == {P}
    lag.delivered(P, records(0, at=900))
    lag.assigned([P, other])
    assert lag.behind() == {P: Behind(0, 0.0), other: Behind(0, 0.0)}
