"""Makes `twistd chatd` known. No __init__.py in this folder or above it, ever."""

from twisted.application.service import ServiceMaker

chatd = ServiceMaker(
    "chatd", "chatd.service", "A chat server for people with nothing installed", "chatd"
)
