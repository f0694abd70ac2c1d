"""Offline proof: `.confed` files, made from a node's view and verified without one (specs/12).

data = build_mandate(view, mandate, now)        # on the node
report = verify([data], trust={council}, at=now)  # anywhere
report.verdict, report.reason, report.newest_receipt
"""

from typing import TYPE_CHECKING

from confedproto.bundle.container import Bundle, Entry, decode, encode
from confedproto.bundle.evidence import Evidence, prove, records_of
from confedproto.bundle.form import BundleKind
from confedproto.bundle.judge import verify
from confedproto.bundle.report import Decision, Report, Witnessed

if TYPE_CHECKING:
    from confedproto.bundle.build import (
        build_act,
        build_act_from_view,
        build_certificate,
        build_mandate,
        build_record,
        draft_act,
        mandate_of,
    )

__all__ = [
    "Bundle",
    "BundleKind",
    "Decision",
    "Entry",
    "Evidence",
    "Report",
    "Witnessed",
    "build_act",
    "build_act_from_view",
    "build_certificate",
    "build_mandate",
    "build_record",
    "decode",
    "draft_act",
    "encode",
    "mandate_of",
    "prove",
    "records_of",
    "verify",
]


def __getattr__(name: str) -> object:
    """What makes files rests on a node's view: it is loaded when it is asked for, so that who
    only verifies starts in half the time.
    """
    if name not in __all__:
        raise AttributeError(name)
    from confedproto.bundle import build

    return getattr(build, name)
