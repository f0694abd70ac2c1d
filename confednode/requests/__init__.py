"""What the control socket answers: one handler an op, each with a typed request.

Handlers read the engine's view and draft payloads; the only thing that changes the log is
`submit`, which goes through the same door as everything else.
"""

from confednode.requests import archiving, asking, councils, drafting, files, following
from confednode.requests.table import OPS, Desktop, answer

__all__ = [
    "OPS",
    "Desktop",
    "answer",
    "archiving",
    "asking",
    "councils",
    "drafting",
    "files",
    "following",
]
