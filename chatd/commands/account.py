"""Account."""

from chatd.chat.account import Role
from chatd.chat.command import Call, command


@command("register", usage="NAME PASSWORD [CODE]", needs=Role.NOBODY, secret=True)
async def register(call: Call) -> None:
    """Make a name yours."""
    name, password, code = call.words(3)
    await call.hub.entrance.register(call.session, name, password, code)
