"""The config: its schema, the parts that it names, and what can be wrong with it."""
