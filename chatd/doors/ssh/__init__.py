"""
The door for C{ssh}: a terminal, a pipe, commands, and files by sftp.

Twisted Conch speaks the protocol. Importing it takes a while, so that nothing here is
imported unless the door is open.
"""
