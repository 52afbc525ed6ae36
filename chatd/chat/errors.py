"""What may go wrong, as a code for programs and a sentence for people."""


class ChatError(Exception):
    """
    Something a person may be told.

    @cvar code: What kind it is, for programs; part of the JSON protocol.
    @ivar text: One sentence for people, with what to do about it.
    """

    code = "failed"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class BadRequest(ChatError):
    """What was sent cannot be understood."""

    code = "bad-request"


class UnknownCommand(ChatError):
    """There is no command of that name."""

    code = "unknown-command"


class Usage(ChatError):
    """The command was given too few or the wrong words."""

    code = "usage"


class NotAllowed(ChatError):
    """The person lacks the role that the request needs."""

    code = "not-allowed"


class NotEntered(ChatError):
    """The request needs somebody who has come in."""

    code = "not-entered"


class NotInRoom(ChatError):
    """The request needs a room and the session is not in it."""

    code = "not-in-room"


class NotFound(ChatError):
    """Nobody and nothing of that name."""

    code = "not-found"


class BadName(ChatError):
    """The name breaks a rule for names."""

    code = "bad-name"


class NameTaken(ChatError):
    """Somebody has this name, or one that looks like it."""

    code = "name-taken"


class PasswordNeeded(ChatError):
    """The name belongs to an account: its password is needed."""

    code = "password-needed"


class WrongPassword(ChatError):
    """Name and password do not belong together."""

    code = "wrong-password"


class BadPassword(ChatError):
    """The password chosen breaks a rule for passwords."""

    code = "bad-password"


class TooFast(ChatError):
    """A limit on how often something may be done was met."""

    code = "too-fast"


class TooLong(ChatError):
    """A limit on how long something may be was met."""

    code = "too-long"


class Full(ChatError):
    """A limit on how many there may be was met."""

    code = "full"


class Banned(ChatError):
    """The person or the address is shut out."""

    code = "banned"


class Muted(ChatError):
    """The person may read here but not speak."""

    code = "muted"


class Closed(ChatError):
    """The server or this way in is closed to the request."""

    code = "closed"


class NotStored(ChatError):
    """The store did not take the message, so nobody was shown it."""

    code = "not-stored"


class Unreadable(ChatError):
    """A file is damaged, or the disk does not give it."""

    code = "unreadable"


class Broken(ChatError):
    """A bug was met; its traceback is in the log."""

    code = "internal"

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong in the server; its operator can read more in the log."
        )
