"""Tasks: what a command does, each a function that reads as the list of its stages."""
