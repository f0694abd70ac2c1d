"""confednode: the trio shell around confedproto."""
