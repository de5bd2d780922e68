"""A run: its folder and lock, its start, its end by whatever cause, and how it is resumed."""
