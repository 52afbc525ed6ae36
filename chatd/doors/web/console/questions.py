"""What the console asks; each answer is bounded."""

from collections.abc import Mapping
from typing import Any

from chatd.chat.names import key_of
from chatd.chat.session import Session
from chatd.doors.web.console.asked import MOST_ROWS, ROWS, Asked


async def status(asked: Asked) -> Mapping[str, Any]:
    """What there is to know at a glance."""
    return asked.instruments.status()


async def minutes(asked: Asked) -> Mapping[str, Any]:
    """How busy the last hour was."""
    return {
        "minutes": [
            {"time": time, "people": people, "messages": messages}
            for time, people, messages in asked.instruments.minutes()
        ]
    }


async def health(asked: Asked) -> Mapping[str, Any]:
    """How the store is."""
    return await asked.instruments.health()


async def sessions(asked: Asked) -> Mapping[str, Any]:
    """Who is connected, and how."""
    now = asked.hub.now()
    connections = sorted(asked.hub.connections, key=lambda one: one.since)
    return asked.page([_session(one, now) for one in connections])


def _session(session: Session, now: float) -> dict[str, Any]:
    person = session.person
    return {
        "number": session.number,
        "name": person.name if person else "",
        "role": session.role.name.lower(),
        "door": session.kind,
        "address": session.address,
        "secure": session.secure,
        "since": session.since,
        "idle": max(0.0, now - session.active),
        "room": session.room.name if session.room else "",
    }


async def bans(asked: Asked) -> Mapping[str, Any]:
    """Who is shut out."""
    return asked.page(
        [
            {
                "whom": ban.shown,
                "until": ban.until,
                "reason": ban.reason,
                "by": ban.by,
            }
            for ban in asked.hub.bans.in_force()
        ]
    )


async def rooms(asked: Asked) -> Mapping[str, Any]:
    """Which rooms there are, the busiest first."""
    found = sorted(asked.hub.rooms, key=lambda room: (-len(room.present), room.name))
    return asked.page(
        [
            {
                "name": room.name,
                "topic": room.topic,
                "people": len(room.present),
                "private": room.private,
                "history": room.history,
            }
            for room in found
        ]
    )


async def accounts(asked: Asked) -> Mapping[str, Any]:
    """Accounts by their names; the next page begins behind the last one's key."""
    limit = min(asked.count("limit", ROWS, MOST_ROWS), MOST_ROWS)
    text = asked.parameter("find")
    found = await asked.hub.store.find_accounts(
        key_of(text) or text.casefold(),
        after=asked.parameter("after"),
        limit=limit + 1,
    )
    return {
        "rows": [
            {
                "name": account.name,
                "key": account.key,
                "role": account.role.name.lower(),
                "created": account.created,
                "here": asked.hub.presence.get(account.id) is not None,
            }
            for account in found[:limit]
        ],
        "more": len(found) > limit,
        "total": await asked.hub.store.accounts(),
    }
