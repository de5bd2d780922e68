"""Tables: the kinds of their columns, and their values as inputs and targets."""
