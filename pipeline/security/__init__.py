"""What an untrusted config, run folder or file may do: nothing but what the user vouches for."""
