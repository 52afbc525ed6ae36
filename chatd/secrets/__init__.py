"""What must stay secret: keys, the certificate, password hashes."""
