"""Engines: the contract, the child process and its client, a scripted one. No torch here."""
