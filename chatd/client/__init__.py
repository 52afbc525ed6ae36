"""
A client of chatd, for bots and for the terminal; see C{docs/extending.rst}.

What may be relied on is here, and stays as it is.
"""

from chatd.chat.events import (
    Arrived,
    Closing,
    Departed,
    Emoted,
    Handed,
    Joined,
    Left,
    Past,
    Said,
    Shared,
    TopicChanged,
    Whispered,
)
from chatd.client.asking import Reply, RequestFailed, Unanswered
from chatd.client.client import Client, Ended
from chatd.client.credentials import Credentials
from chatd.client.inbox import Lost
from chatd.client.making import Way, make_client
from chatd.client.memory import Memory
from chatd.client.place import Place, read_place
from chatd.client.reasons import NotReached
from chatd.client.running import run
from chatd.client.trust import Changed, Unknown, Untrusted

__all__ = [
    "Arrived",
    "Changed",
    "Client",
    "Closing",
    "Credentials",
    "Departed",
    "Emoted",
    "Ended",
    "Handed",
    "Joined",
    "Left",
    "Lost",
    "Memory",
    "NotReached",
    "Past",
    "Place",
    "Reply",
    "RequestFailed",
    "Said",
    "Shared",
    "TopicChanged",
    "Unanswered",
    "Unknown",
    "Untrusted",
    "Way",
    "Whispered",
    "make_client",
    "read_place",
    "run",
]
