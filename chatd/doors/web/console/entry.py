"""How operators come in to the console."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from chatd.doors.web.console.asked import Asked


async def session(asked: Asked) -> Mapping[str, Any]:
    """Who asks, and how they could log in."""
    seat = await asked.hub.desk.seat(asked.token)
    rules = asked.hub.rules
    private = asked.visitor.secure or _is_local(asked.visitor.address)
    return {
        "server": rules.server,
        "name": seat.account.name if seat else None,
        "claimable": asked.hub.login.claimable,
        "private": private,
        "passwords": private or rules.insecure_passwords,
        "own": asked.own,
    }


async def log_in(asked: Asked) -> Mapping[str, Any]:
    """Come in, with name and password of an operator."""
    name = asked.text("name")
    asked.keep(
        await asked.hub.desk.log_in(asked.visitor, name, asked.secret("password"))
    )
    return {"text": f"You are logged in as {name}."}


async def claim(asked: Asked) -> Mapping[str, Any]:
    """Become the first operator, with the code that the server printed."""
    asked.keep(
        await asked.hub.desk.claim(
            asked.visitor,
            asked.text("name"),
            asked.secret("password"),
            asked.text("code"),
        )
    )
    return {"text": "You are the operator of this server."}


async def log_out(asked: Asked) -> Mapping[str, Any]:
    """Leave; nothing happens to who is not in."""
    asked.hub.desk.leave(asked.token)
    asked.keep("")
    return {"text": "You are logged out."}


def _is_local(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # a UNIX socket
        return True
