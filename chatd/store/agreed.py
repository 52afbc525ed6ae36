"""What all stores agree on."""

from chatd.chat.account import Account
from chatd.chat.errors import NameTaken

ADDRESSES = 100  # remembered for each account
TOKENS = 20  # for each person
GUESTS_TOKENS = 100_000  # of the latest tokens, those that may be guests'
COUNTED = 10_000  # unread messages of a room; nobody needs to know more exactly
EVERYTHING = ""  # the conversation whose read mark counts for all
FILE_COST = 4096  # bytes a file counts for at least: an empty one is a row, too
LARGEST = 2**63 - 1  # of the ids


def name_taken(account: Account) -> NameTaken:
    """What is said when two would get one name."""
    return NameTaken(f"The name {account.name} is taken, or looks like one that is.")


def key_taken() -> NameTaken:
    """What is said when two would get one SSH key."""
    return NameTaken("This SSH key belongs to an account already.")
