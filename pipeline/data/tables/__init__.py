"""Tables: what their files hold, and what their columns are."""
