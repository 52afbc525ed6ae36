"""Where what happened is kept: the questions of C{chat.store}, answered."""
