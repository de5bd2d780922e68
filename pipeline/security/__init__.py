"""What a config, a run folder or a file of a stranger may do: nothing but what its user vouches for."""
