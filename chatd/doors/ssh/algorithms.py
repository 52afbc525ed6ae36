"""What is modern of what Conch can do; C{docs/operating.rst} tells what it cannot."""

from twisted.conch.ssh.transport import SSHServerTransport

KEY_EXCHANGES: list[bytes] = [
    name
    for name in (
        b"mlkem768x25519-sha256",  # needs a cryptography that has it
        b"curve25519-sha256",
        b"curve25519-sha256@libssh.org",
    )
    if name in SSHServerTransport.supportedKeyExchanges
]
CIPHERS = [b"aes256-ctr", b"aes192-ctr", b"aes128-ctr"]
MACS = [b"hmac-sha2-512", b"hmac-sha2-256"]

# Before anybody has come in, zlib would unpack whatever a peer sends.
COMPRESSIONS = [b"none"]

# With which people may prove that they have a key; not SHA-1.
SIGNATURES = [
    b"ssh-ed25519",
    b"sk-ssh-ed25519@openssh.com",
    b"ecdsa-sha2-nistp256",
    b"sk-ecdsa-sha2-nistp256@openssh.com",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
    b"rsa-sha2-512",
    b"rsa-sha2-256",
]
