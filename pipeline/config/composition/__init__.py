"""How a command's config is composed from files and the command line, with each mistake reported in one line."""
