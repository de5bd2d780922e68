"""How a command's config comes to be: from files and from what is typed, each mistake of either told in a line."""
