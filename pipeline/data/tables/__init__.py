"""Tables: what their columns are, and the values of these as inputs and targets."""
