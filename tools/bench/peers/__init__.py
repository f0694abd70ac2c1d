"""Other systems, in environments of their own, with the same records on the same machine."""
