"""The door for browsers: the page, the WebSocket, and whatever else HTTP carries."""
