"""The config: its schema, the components that it names, and its checks."""
