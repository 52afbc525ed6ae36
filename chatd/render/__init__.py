"""Events as each door writes them: pure functions."""
