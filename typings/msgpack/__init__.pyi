# The part of msgpack that this project uses; the package itself has no types.
from typing import Any

class UnpackException(Exception): ...

def packb(o: object) -> bytes: ...
def unpackb(
    packed: bytes,
    *,
    raw: bool = False,
    strict_map_key: bool = True,
    max_array_len: int = -1,
    max_map_len: int = -1,
    max_ext_len: int = -1,
) -> Any: ...
