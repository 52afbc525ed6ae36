"""How nodes tell each other what happened."""
