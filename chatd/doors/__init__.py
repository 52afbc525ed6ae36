"""One file per way in: bytes to text, log in, requests in, events out."""
