"""All that every store must answer; a mixin for the tests of each."""

from tests.store.of_events import OfEvents
from tests.store.of_files import OfFiles
from tests.store.of_missed import OfMissed
from tests.store.of_people import OfPeople
from tests.store.of_rooms import OfRooms


class Questions(OfEvents, OfMissed, OfRooms, OfFiles, OfPeople):
    """Every question, and what events change."""
