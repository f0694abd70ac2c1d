# The decoder and encoder in pure Python, which the fuzzer compares with those in C.
from typing import Any

class Packer:
    def __init__(self) -> None: ...
    def pack(self, obj: object) -> bytes: ...

def unpackb(
    packed: bytes,
    *,
    raw: bool = False,
    strict_map_key: bool = True,
    max_array_len: int = -1,
    max_map_len: int = -1,
    max_ext_len: int = -1,
) -> Any: ...
