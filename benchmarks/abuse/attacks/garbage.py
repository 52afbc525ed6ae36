"""Bytes and characters that mean no good."""

import asyncio
import json
import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from benchmarks.abuse.attack import Gone, Peer, Target, attack, careless, crowd

IAC = b"\xff"

# Characters with which names and texts are faked, hidden, or blown up.
TRICKS = (
    "\u202e\u202d\u2066\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff\u00ad"
    "\u0301\u0489\u20dd\ufe0f\u180e\u115f\u3164\uffa0\u2028\u2029\u0085\x00\x07\x08"
    "\x1b\x9b\x7f\r\t\u0000аеорсухАВЕКМ\u0130\u0131ßﬁ①Ａ𝐀\U0001f600\U000e0041\ud7ff"
    "\uffff\U0010ffff\ufdfa"
)


def _member(
    target: Target, line: Callable[[], bytes], request: Callable[[], bytes]
) -> Callable[[int], Awaitable[None]]:
    """Somebody who has come in, and sends lines of text or requests in JSON."""

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                json = number % 2 == 1
                peer = await target.enter(f"odd{number}", number, json=json)
                await _send_what_comes(target, peer, request if json else line)

    return one


async def _send_what_comes(
    target: Target, peer: Peer, make: "Make", patience: float = 2.0
) -> None:
    """
    Send until the end, or until thrown out.

    @param patience: Seconds until a server that does not read is given up.
    """
    reading = asyncio.create_task(peer.drain())
    try:
        while target.going_on and not reading.done():
            data = make()
            async with asyncio.timeout(patience):
                await peer.send(data)
            target.figures["KB sent"] += len(data) // 1024 + 1
            await asyncio.sleep(0.01)
    except Gone:
        pass
    finally:
        target.figures["ended by the server"] += reading.done()
        reading.cancel()
        peer.close()


Make = Callable[[], bytes]


@attack("bytes")
async def random_bytes(target: Target) -> None:
    """40 who send invalid UTF-8, control bytes, and noise, in every door."""
    context = careless()

    def noise() -> bytes:
        return random.randbytes(random.choice((1, 3, 100, 2000)))

    def controls() -> bytes:
        some = bytes(random.choices(range(32), k=50))
        return b"a\x1b[2J\x1b]0;x\x07" + some + b"\xc3\x28\xed\xa0\x80\xf5\xff\xfe\n"

    def starts() -> bytes:
        return random.choice(
            (
                b"\x16\x03\x01" + noise(),
                b"\x16\x03" + b"\xff" * 3000,
                b"SSH-2.0-" + noise() + b"\n",
                b"GET / HTTP/1.1\r\nHost: x\r\n" + noise() + b"\r\n\r\n",
                b"NICK x\r\nUSER x x x x\r\n" + noise(),
                b"{" + noise() + b"}\n",
                b"\0" * 100,
            )
        )

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                make = (noise, controls, starts, controls)[number % 4]
                if number % 4 == 3:
                    peer = await target.enter(f"noise{number}", number)
                else:
                    peer = await target.connect(number)
                if number % 8 == 1:
                    writer = await peer.encrypt(context)
                    for _ in range(20):
                        writer.write(make())
                        await writer.drain()
                    writer.close()
                    continue
                await _send_what_comes(target, peer, make)

    await crowd(40, one)


@attack("telnet")
async def telnet(target: Target) -> None:
    """30 who negotiate without an end, ask "are you there", and type keys madly."""

    def storm() -> bytes:
        return b"".join(
            IAC + bytes((random.randrange(251, 255), random.randrange(256)))
            for _ in range(1000)
        )

    def endless() -> bytes:
        return IAC + b"\xfa\x18" + b"\0xterm" * 10000

    def there() -> bytes:
        return IAC + b"\xf6" + IAC + b"\xf6" * 3 + (IAC + b"\xf6") * 500

    def sizes() -> bytes:
        size = random.randbytes(4).replace(IAC, b"\xfe")
        return (IAC + b"\xfa\x1f" + size + IAC + b"\xf0") * 200

    def types() -> bytes:
        name = random.choice((b"xterm", b"dumb", b"\x1b[2J", b"x" * 500))
        return (IAC + b"\xfa\x18\0" + name + IAC + b"\xf0") * 100

    def keys() -> bytes:
        return b"".join(
            random.choice(
                (
                    b"\x1b[A",
                    b"\x1b[D",
                    b"\x7f",
                    b"\t",
                    b"\x01",
                    b"\x15",
                    b"\x19",
                    b"a b",
                )
            )
            for _ in range(500)
        )

    async def one(number: int) -> None:
        make = (storm, endless, there, sizes, types, keys)[number % 6]
        while target.going_on:
            with suppress(*Gone):
                peer = await target.connect(number)
                await peer.send(IAC + b"\xfd\x01" + IAC + b"\xfd\x03")
                await peer.send(IAC + b"\xfb\x18" + IAC + b"\xfb\x1f")
                if number % 2:
                    await peer.send(b"telnet%d\r\n" % number)
                    await peer.until(b"joined")
                await _send_what_comes(target, peer, make)

    await crowd(30, one)


@attack("windows", seconds=20)
async def windows(target: Target) -> None:
    """40 whose windows have all widths, where 4 say words that are 4,000 letters."""
    keys = b"".join(IAC + bytes(two) for two in ((253, 1), (253, 3), (251, 31)))

    def size(columns: int) -> bytes:
        told = columns.to_bytes(2, "big").replace(IAC, IAC + IAC)
        return IAC + b"\xfa\x1f" + told + b"\0\x18" + IAC + b"\xf0"

    async def talk(number: int) -> None:
        peer = await target.enter(f"talker{number}", number, json=True)
        letters = ("x", "\u4f60", "e\u0301", "\U0001f468\u200d")[number]
        words = letters * (4000 // len(letters))
        said = json.dumps({"do": "say", "room": "wide", "text": words}) + "\n"
        await peer.send(b'{"do":"command","line":"/join wide"}\n')
        reading = asyncio.create_task(peer.drain())
        while target.going_on and not reading.done():
            await peer.send(said.encode())
            target.figures["said"] += 1
            await asyncio.sleep(0.2)
        reading.cancel()
        peer.close()

    async def look(number: int) -> None:
        peer = await target.connect(10 + number)
        await peer.send(b"looker%d\r\n" % number)
        await peer.until(b"has joined")
        await peer.send(keys + size(number) + b"/join wide\r")
        reading = asyncio.create_task(peer.drain())
        while target.going_on and not reading.done():
            await asyncio.sleep(2)
            await peer.send(size(random.choice((number, 2 * number, 65_535))))
            await peer.send(b"/history 50\r")
            target.figures["looked back"] += 1
        reading.cancel()
        peer.close()

    async def one(number: int) -> None:
        await (talk(number) if number < 4 else look(number - 4))

    await crowd(44, one)


@attack("json", seconds=30, logged=["lines in a row that are no requests"])
async def bombs(target: Target) -> None:
    """30 who send deep, huge, doubled and broken JSON, before and after coming in."""
    lines = [
        b"[" * 4000,
        b'{"do":' * 1000,
        b'{"do":"say","text":' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"do":"ping","ref":' + b"9" * 3900 + b"}",
        b'{"do":"ping","ref":1e' + b"9" * 1000 + b"}",
        b'{"do":"ping","ref":-0.' + b"1" * 3000 + b"}",
        b'{"do":"ping",' + b'"a":1,' * 600 + b'"a":1}',
        b'{"do":"' + b"p" * 3900 + b'"}',
        b'{"do":"history","limit":99999999999999999999,"after":"-1"}',
        b'{"do":"enter","name":{"a":[1]},"password":NaN}',
        b'{"do":"ping","ref":Infinity}',
        b'"' + b"\\" * 3999,
        b"\xff\xfe{\0}",
        b'{"a":"\xed\xa0\x80"}',
        b"null",
        # These are requests, and well-formed.
        b'{"do":"say","text":"' + b"\\u0000\\ud800" * 300 + b'"}',
        b'{"do":"enter","token":"' + b"t" * 3000 + b'"}',
        b'{"do":"ping","ref":"' + b"r" * 200 + b'"}',
        b"",
    ]

    def bad() -> bytes:
        return _some(lines[:-4])

    def mixed() -> bytes:
        return _some(lines)

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                if number % 2:
                    peer = await target.enter(f"bomb{number}", number, json=True)
                else:
                    peer = await target.connect(number)
                    await peer.send(b'{"do":"ping"}\n')
                await _send_what_comes(target, peer, bad if number % 4 else mixed, 20)

    await crowd(30, one)


def _some(lines: list[bytes]) -> bytes:
    return b"\n".join(random.choices(lines, k=3)) + b"\n"


@attack("forgery", options=["--limits-throttle=no"])
async def forgery(target: Target) -> None:
    """20 who put ends of lines into all that is shown or logged, to forge others."""
    ends = ("\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r\0")
    lines = (
        "[2026-11-21 12:00:00] alma: canary 0",
        "* The server says so.",
        "2026-11-21T12:00:00+0000 info  chatd.audit: alma: op odd1",
        "FORGED",
        '{"event":"said","sender":"alma","text":"canary 0"}',
        ":alma!a@b PRIVMSG #lobby :canary 0",
    )

    def forged() -> str:
        return f"x{random.choice(ends)}{random.choice(lines)}{random.choice(ends)}"

    def command() -> str:
        return random.choice(
            (
                f"/nick {forged()}",
                f"/join {forged()}",
                f"/topic {forged()}",
                f"/away {forged()}",
                f"/msg alma {forged()}",
                f"/me {forged()}",
                f"/login {forged()} {forged()}",
                f"/{forged()}",
            )
        )

    def line() -> bytes:
        return f"{random.choice((forged(), command()))}\n".encode()

    def request() -> bytes:
        do = random.choice(
            (
                {"do": "say", "text": forged(), "key": forged()},
                {"do": "say", "room": forged(), "text": "x", "ref": forged()},
                {"do": "whisper", "to": "bert", "text": forged()},
                {"do": "command", "line": command(), "room": forged()},
                {"do": "command", "line": command()},
                {"do": forged()},
            )
        )
        return json.dumps(do).encode() + b"\n"

    async def nobody(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                peer = await target.connect(50 + number)
                enter = {"do": "enter", "name": forged(), "password": forged()}
                words = json.dumps(enter).encode() + b"\n" if number % 2 else line()
                await peer.send(words)
                await peer.read()
                target.figures["tried to come in"] += 1
                peer.close()

    await asyncio.gather(crowd(20, _member(target, line, request)), crowd(5, nobody))


@attack(
    "closed-doors",
    options=["--doors-web=no", "--doors-ssh=no", "--doors-telnet=no"],
)
async def closed_doors(target: Target) -> None:
    """40 who speak HTTP, SSH and telnet to a server where these doors are closed."""
    words = (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /files HTTP/1.1\r\nContent-Length: 99999\r\n\r\nintruder\nhello\n",
        b"OPTIONS * HTTP/1.1\r\n\r\nintruder\nhello\n",
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\x00\x00\x05\x1c\x0a\x14intruder\nhello\n",
    )
    context = careless()

    async def one(number: int) -> None:
        while target.going_on:
            peer = await target.connect(number)
            try:
                if number % 4 == 0:
                    writer = await peer.encrypt(context)
                    target.figures["handshakes"] += 1
                    writer.close()
                    with suppress(*Gone):
                        await writer.wait_closed()
                    continue
                if number % 4 == 1:
                    await peer.send(IAC + b"\xfd\x01" + IAC + b"\xfa\x18" * 5000)
                    target.figures["telnet"] += 1
                    continue
                await peer.send(random.choice(words))
                answer = b""
                while data := await peer.read(5):
                    answer += data
                assert b"intruder" not in answer, answer
                known = (b"HTTP/1.1 501", b"HTTP/1.1 429", b"SSH-2.0-chatd\r\n")
                assert answer.startswith(known), answer
                target.figures["refused in their language"] += 1
            except Gone:
                target.figures["ended by the server"] += 1
            finally:
                peer.close()
                await asyncio.sleep(0.01)

    await crowd(40, one)


@attack("old-tls")
async def old_tls(target: Target) -> None:
    """20 who offer nothing newer than TLS 1.1, or SSL 2 and 3."""
    context = careless()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    ancient = (
        b"\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00" + bytes(34) + b"\x02\x00\x05"
        b"\x01\x00",
        b"\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x00\x80" + bytes(16),
    )

    async def one(number: int) -> None:
        while target.going_on:
            peer = await target.connect(number)
            try:
                if number % 2:
                    await peer.send(ancient[number // 2 % 2])
                    answer = await peer.read(12)
                    assert not answer.startswith(b"\x16"), "it shook hands"
                else:
                    await peer.encrypt(context)
                    raise AssertionError("it shook hands")
            except ssl.SSLError:
                target.figures["refused by an alert"] += 1
            except Gone:
                target.figures["ended by the server"] += 1
            finally:
                peer.close()
                await asyncio.sleep(0.01)

    await crowd(20, one)


@attack("unicode", options=["--limits-throttle=no"])
async def tricks(target: Target) -> None:
    """20 whose names, texts, topics and rooms are made of the worst of Unicode."""

    def text() -> str:
        letters = [chr(random.randrange(0x110000)) for _ in range(5)]
        letters += random.choices(TRICKS + "ab ", k=random.randrange(30))
        random.shuffle(letters)
        return "".join(c for c in letters if c != "\n")

    def line() -> bytes:
        before = random.choice(
            ("", "/me ", "/topic ", "/nick ", "/join ", "/away ", "/msg alma ", "/")
        )
        return f"{before}{text()}\n".encode("utf-8", "surrogatepass")

    def request() -> bytes:
        do = random.choice(
            (
                {"do": "say", "text": text()},
                {"do": "say", "room": text(), "text": text()},
                {"do": "whisper", "to": text(), "text": text()},
                {"do": "command", "line": f"/topic {text()}"},
                {"do": "command", "line": f"/nick {text()}"},
                {"do": "search", "words": text()},
            )
        )
        return json.dumps(do, ensure_ascii=random.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        ) + (b"\n")

    async def nobody(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                peer = await target.connect(50 + number)
                await _send_what_comes(target, peer, lambda: line()[1:])

    await asyncio.gather(crowd(20, _member(target, line, request)), crowd(5, nobody))
