"""The operator's console: the page, what it asks, and what it does."""
