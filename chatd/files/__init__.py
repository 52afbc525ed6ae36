"""The content of shared files, encrypted on the disk of this machine."""
