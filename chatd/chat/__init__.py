"""What a chat is: knows no socket, no SQL and no wire format."""
