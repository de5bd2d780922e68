"""Files and databases of any kind, read as DataFrames."""
