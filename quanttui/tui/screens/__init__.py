"""The screens: the cockpit, the keys, a question with one line for its answer."""
