"""A run: its folder and lock, its start, its end for whatever reason, and how it is resumed."""
