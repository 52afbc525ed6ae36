"""What people do while a server is measured."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Load:
    """
    A stream of messages.

    @ivar window: How many each talker has in flight.
    @ivar rate: Messages a second in all; 0: as fast as C{window} allows.
    @ivar runs: At least so many, for what depends on single moments.
    """

    name: str
    about: str
    people: int = 100
    talkers: int = 10
    window: int = 4
    rooms: int = 1
    rate: float = 0
    tls: bool = False
    history: bool = True
    runs: int = 1


LOADS = {
    load.name: load
    for load in (
        Load("busy-100", "100 people, 10 talk, 4 messages in flight each"),
        Load("busy-100-off", "the same, history off", history=False),
        Load("busy-1000", "1,000 people, 10 talk", people=1000),
        Load("busy-1000-100", "1,000 people, 100 talk", people=1000, talkers=100),
        Load("alone", "1,000 people, one message at a time", 1000, 1, 1),
        Load("steady", "1,000 people, 100 messages a second", 1000, rate=100, runs=5),
        Load("rooms", "50 rooms of 20, one talks in each", 1000, 50, rooms=50),
        Load("busy-500-tls", "500 people, 10 talk, TLS", people=500, tls=True),
        Load("alone-tls", "500 people, one at a time, TLS", 500, 1, 1, tls=True),
    )
}

# Each can be had with TLS as well; these are measured only when they are named.
ENCRYPTED = {
    f"{name}-tls": replace(load, name=f"{name}-tls", tls=True)
    for name, load in LOADS.items()
    if not load.tls and f"{name}-tls" not in LOADS
}

# People who are in a room and say nothing.
IDLE = (1_000, 5_000)

# What is no stream of messages.
OTHERS = (
    *("idle", "idle-tls", "idle-20000", "churn", "churn-tls", "start"),
    *("waiting", "growth"),
)
