"""Tables in files and databases as DataFrames, and what their columns are."""
