"""What a server asks people at keyboards before they are in; see RFC 4256."""

import struct

from twisted.conch.ssh.common import NS, getNS


def question(prompt: str) -> bytes:
    """
    What a client is to ask.

    @param prompt: For one answer, which is not shown; C{""}: nothing is asked, and the
        client goes on by itself.
    """
    prompts = [NS(prompt.encode()) + b"\0"] if prompt else []
    # Without a name, instructions and a language.
    return NS(b"") * 3 + struct.pack(">L", len(prompts)) + b"".join(prompts)


def answer(packet: bytes) -> bytes:
    """
    The first answer of a client; C{b""} if there is none.

    @raise struct.error: if it cannot be understood.
    """
    (count,) = struct.unpack_from(">L", packet)
    return getNS(packet[4:])[0] if count else b""
