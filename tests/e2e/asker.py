"""
Somebody who asks a bot the time again and again, and counts the answers.

    python asker.py HOST:PORT QUESTIONS

It prints how many answers it heard, and how many the history has.
"""

import sys

from chatd.client import Client, Said, run

BOT = "timebot"
LOG = 200


async def ask(chat: Client) -> None:
    """Ask, until all is answered and some more time went by."""
    count = int(sys.argv[2])
    await chat.request("ping")
    for number in range(count):
        # As people do, it does not wait for the answer.
        chat.say("lobby", "!time", key=f"question-{number}")
    print("asking", flush=True)
    heard = 0
    async for event in chat:
        if isinstance(event, Said) and event.sender.name == BOT:
            heard += event.text.startswith("It is ")
            if heard == count // 4:
                print("a quarter", flush=True)
            if heard == count:
                break
    # What is answered twice would come right behind.
    await chat.say("lobby", "!time", key="the last")
    async for event in chat:
        if isinstance(event, Said) and event.text.startswith("It is "):
            break
    print(f"heard {heard}, kept {await kept(chat) - 1}", flush=True)


async def kept(chat: Client) -> int:
    """How many answers were stored."""
    found, before = 0, 0
    while True:
        past = await chat.history("lobby", before=before, limit=LOG)
        for event in past.events:
            if isinstance(event, Said) and event.sender.name == BOT:
                found += event.text.startswith("It is ")
        if not past.more:
            return found
        before = past.events[0].id


if __name__ == "__main__":
    run(ask, name="asker", words=sys.argv[1:2])
