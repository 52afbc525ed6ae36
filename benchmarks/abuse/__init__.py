"""Attacks on a real server, beside which well-behaved people go on talking."""
