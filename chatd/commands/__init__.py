"""The slash-commands: being in this folder is enough."""
