"""Tasks: what a command does. Each is a function that reads as the list of its stages."""
