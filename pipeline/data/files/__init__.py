"""Files and databases read as DataFrames, whatever kind they are."""
