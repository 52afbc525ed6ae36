"""Too much of what is allowed."""

import asyncio
import json
import time
from contextlib import suppress

from benchmarks.abuse.attack import Gone, Peer, Target, attack, crowd

PASSWORD = "correct-horse-battery"

CONNECTS = 1000  # a second


async def _connect_and_hold(target: Target, addresses: int) -> None:
    """Connect at a steady rate, say nothing, and hold on to what one gets."""
    tasks = set()

    async def one(number: int) -> None:
        try:
            peer = await target.connect(number % addresses)
        except Gone:
            target.figures["ended at once"] += 1
            return
        try:
            await peer.drain()
            target.figures["ended by the server"] += 1
        finally:
            peer.close()

    number = 0
    while target.going_on:
        while number < CONNECTS * (time.monotonic() - target.began):
            tasks.add(asyncio.create_task(one(number)))
            number += 1
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@attack("connects-1024", descriptors=1024, logged=["let go|refused|was ended"])
async def connects_1024(target: Target) -> None:
    """1,000 connects a second from 250 addresses, held; the server has 1,024 fds."""
    await _connect_and_hold(target, 250)


@attack("connects-65536", descriptors=65536, logged=["let go|refused|was ended"])
async def connects_65536(target: Target) -> None:
    """1,000 connects a second from 250 addresses, held; the server has 65,536 fds."""
    await _connect_and_hold(target, 250)


@attack("connects-alone", logged=["refused"])
async def connects_alone(target: Target) -> None:
    """1,000 connects a second from one address, held."""
    await _connect_and_hold(target, 1)


@attack("descriptors", descriptors=200, newcomers=False, logged=["refused"])
async def all_descriptors(target: Target) -> None:
    """400 who connect to a server of 200 descriptors, half of whom want to come in."""

    async def one(number: int) -> None:
        peer = await target.connect(number % 20)
        try:
            words = b""
            if number % 2:
                await peer.send(b"many%d\n" % number)
            while target.going_on:
                with suppress(TimeoutError):
                    data = await peer.read(1)
                    if not data:
                        break
                    words += data
            if b"all the connections" in words:
                target.figures["told that it is full"] += 1
            elif b"has joined" in words:
                target.figures["came in"] += 1
        finally:
            peer.close()

    await crowd(400, one)


async def _talk(target: Target, peer: Peer, what: list[bytes]) -> None:
    """Say all that the server takes, and read all that it sends."""
    reading = asyncio.create_task(peer.drain())
    try:
        while target.going_on and not reading.done():
            for words in what:
                try:
                    async with asyncio.timeout(1):
                        await peer.send(words)
                except TimeoutError:
                    break
                target.figures["sent"] += words.count(b"\n")
    except Gone:
        target.figures["ended by the server"] += 1
    reading.cancel()
    peer.close()


@attack(
    "messages",
    seconds=25,
    options=["--limits-push=10 s"],
    logged=["sends faster than it may"],
)
async def messages(target: Target) -> None:
    """50 who say as much as they can, and do not slow down when told to."""

    async def one(number: int) -> None:
        json = number % 2 == 1
        peer = await target.enter(f"mob{number}", number, json=json)
        words = b'{"do":"say","text":"flood"}\n' if json else b"flood\n"
        await _talk(target, peer, [words * (1 if json else 3)])

    await crowd(50, one)


@attack("pastes", seconds=15)
async def pastes(target: Target) -> None:
    """20 who paste 64 KiB as often as they can, read by 20 terminals and programs."""
    text = "\n".join(f"{number} {'x' * 120}" for number in range(500))

    async def one(number: int) -> None:
        peer = await target.enter(f"mob{number}", number, json=number % 2 == 1)
        words = f"{text}\n"
        if number % 2:
            words = json.dumps({"do": "say", "text": text}) + "\n"
        await _talk(target, peer, [words.encode()])

    await crowd(20, one)


@attack("costly", seconds=15)
async def costly(target: Target) -> None:
    """50 who ask for what costs most: history, search, log, lists, help."""
    words = [b"word%d %s\n" % (number, b"x" * 3900) for number in range(20)]

    async def one(number: int) -> None:
        peer = await target.enter(f"mob{number}", number)
        for line in words[:5]:
            await peer.send(line)
        await _talk(
            target,
            peer,
            [
                b"/history 200\n",
                b"/search word7\n",
                b"/getlog\n",
                b"/who\n",
                b"/help history\n",
                b"/rooms\n",
                b"/whois mob1\n",
                b"/jion\n",
            ],
        )

    await crowd(50, one)


@attack(
    "logins",
    seconds=15,
    logged=["tried too many wrong passwords|wrong password|failed"],
)
async def logins(target: Target) -> None:
    """50 who try passwords of a member, who logs in meanwhile, and of nobody."""
    owner = await target.connect(999)
    await owner.send(f"/register victim {PASSWORD}\n".encode())
    await owner.until(b"is yours")
    owner.close()
    worst = 0.0

    async def own() -> None:
        nonlocal worst
        while target.going_on:
            began = time.monotonic()
            peer = await target.connect(999)
            await peer.send(f"/login victim {PASSWORD}\n".encode())
            await peer.until(b"victim has joined")
            worst = max(worst, time.monotonic() - began)
            target.figures["logins of the member"] += 1
            peer.close()
            await asyncio.sleep(0.5)

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                peer = await target.connect(number)
                for attempt in range(6):
                    name = "victim" if number % 2 else f"nobody{number}"
                    await peer.send(f"/login {name} guess-{attempt}\n".encode())
                    await peer.until(b"!")
                    target.figures["guesses"] += 1
                peer.close()

    await asyncio.gather(own(), crowd(50, one))
    target.figures["ms until the member was in, at worst"] = round(1000 * worst)
    assert target.figures["logins of the member"]


@attack("reconnect", seconds=40)
async def reconnect(target: Target) -> None:
    """1,000 who come in, and whose connections all break and come back, three times."""
    people = 1000
    tokens: dict[int, str] = {}
    arrived = asyncio.Semaphore(0)
    leave = asyncio.Event()

    async def one(number: int) -> None:
        for _ in range(10):
            try:
                peer = await target.connect(number % 100)
                enter = {"do": "enter", "name": f"m{number}"}
                if number in tokens:
                    enter = {"do": "enter", "token": tokens[number]}
                await peer.send(json.dumps(enter).encode() + b"\n")
                tokens[number] = await _token(peer)
                break
            except Gone:
                target.figures["tried again"] += 1
                await asyncio.sleep(1)
        else:
            return
        arrived.release()
        reading = asyncio.create_task(peer.drain())
        await leave.wait()
        reading.cancel()
        peer.reset() if number % 2 else peer.close()

    for turn in range(4):
        leave.clear()
        begun = time.monotonic()
        everybody = asyncio.gather(*(one(number) for number in range(people)))
        async with asyncio.timeout(60):
            for _ in range(people):
                await arrived.acquire()
        took = time.monotonic() - begun
        target.figures[f"ms until all were in, {turn + 1}"] = round(1000 * took)
        await asyncio.sleep(1)
        leave.set()
        await everybody


async def _token(peer: Peer) -> str:
    """What a program that has come in is given to come back with."""
    received = b""
    while True:
        received += await peer.until(b"\n")
        for line in received.split(b"\n")[:-1]:
            if b'"token":' in line:
                return str(json.loads(line)["token"])
