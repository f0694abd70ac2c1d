"""Pure functions: records to status."""
