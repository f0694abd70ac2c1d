"""confedproto: the confederation protocol, pure: no sockets, no files, no clock."""

__version__ = "0.1.0"
