"""The commands of `confed`, one family a file."""
