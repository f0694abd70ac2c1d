"""The errors of the library: one tree, each error with a stable reason.

`Reason` is the registry of specs/registries/reasons.toml in code; its values are part of
the protocol (vectors, API, CLI and logs use them) and never change their meaning.
Nothing foreign (ValueError, msgpack, nacl) leaves a module of this library.
"""

from enum import StrEnum, unique

from confedproto.ids import RecordId


@unique
class Reason(StrEnum):
    """Why something was refused. The text of each is in specs/registries/reasons.toml."""

    # encoding, specs/01
    ENC_EMPTY = "enc-empty"
    ENC_TRUNCATED = "enc-truncated"
    ENC_TRAILING = "enc-trailing"
    ENC_SIZE = "enc-size"
    ENC_NIL = "enc-nil"
    ENC_FLOAT = "enc-float"
    ENC_EXT = "enc-ext"
    ENC_RESERVED = "enc-reserved"
    ENC_INT_RANGE = "enc-int-range"
    ENC_INT_SHORTEST = "enc-int-shortest"
    ENC_LENGTH_SHORTEST = "enc-length-shortest"
    ENC_UTF8 = "enc-utf8"
    ENC_TEXT = "enc-text"
    ENC_KEY_TYPE = "enc-key-type"
    ENC_KEY_FORM = "enc-key-form"
    ENC_KEY_ORDER = "enc-key-order"
    ENC_KEY_DUPLICATE = "enc-key-duplicate"
    ENC_DEPTH = "enc-depth"
    ENC_ARRAY_LENGTH = "enc-array-length"
    ENC_MAP_LENGTH = "enc-map-length"
    ENC_TYPE = "enc-type"
    # keys and signatures, specs/02
    KEY_LENGTH = "key-length"
    KEY_ENCODING = "key-encoding"
    KEY_ORDER = "key-order"
    SIG_LENGTH = "sig-length"
    SIG_SCALAR = "sig-scalar"
    SIG_POINT = "sig-point"
    SIG_INVALID = "sig-invalid"
    SIG_FORM = "sig-form"
    SSHSIG_MAGIC = "sshsig-magic"
    SSHSIG_VERSION = "sshsig-version"
    SSHSIG_KEY = "sshsig-key"
    SSHSIG_NAMESPACE = "sshsig-namespace"
    SSHSIG_HASH = "sshsig-hash"
    SSHSIG_FORM = "sshsig-form"
    SSHSIG_FLAGS = "sshsig-flags"
    # records, specs/03
    ENVELOPE_FORM = "envelope-form"
    PAYLOAD_FORM = "payload-form"
    BODY_FORM = "body-form"
    SIGNER_ORDER = "signer-order"
    SIGNER_DUPLICATE = "signer-duplicate"
    UNSIGNED = "unsigned"
    PART_MISSING = "part-missing"
    PART_MISMATCH = "part-mismatch"
    PART_UNEXPECTED = "part-unexpected"
    # log, specs/03
    LOG_INDEX = "log-index"
    LOG_START = "log-start"
    LOG_ID = "log-id"
    PROOF_LENGTH = "proof-length"
    PROOF_ROOT = "proof-root"
    HEAD_FORM = "head-form"
    HEAD_SIGNATURE = "head-signature"
    HEAD_TIME = "head-time"
    HEAD_AHEAD = "head-ahead"
    ROOT_MISMATCH = "root-mismatch"
    LOG_FORK = "log-fork"
    # authority, specs/04
    THRESHOLD_ONE = "threshold-one"
    THRESHOLD_TWO = "threshold-two"
    THRESHOLD_RANGE = "threshold-range"
    THRESHOLD_MISSING = "threshold-missing"
    SIGNER_FOREIGN = "signer-foreign"
    COUNCIL_UNKNOWN = "council-unknown"
    COUNCIL_FOREIGN = "council-foreign"
    CHARTER_VERSION = "charter-version"
    CHARTER_PREVIOUS = "charter-previous"
    NODE_NUMBER = "node-number"
    NODE_KEY = "node-key"
    NODE_EXPIRED = "node-expired"
    NODE_PREVIOUS = "node-previous"
    NODE_LAST = "node-last"
    NODE_REPLACED = "node-replaced"
    NODE_SUSPENDED = "node-suspended"
    CHARTER_FORK = "charter-fork"
    NODE_FORK = "node-fork"
    SUSPENSION_SIGNER = "suspension-signer"
    SUSPENSION_TARGET = "suspension-target"
    SUSPENSION_AGAIN = "suspension-again"
    FORK_PROOF = "fork-proof"
    CARRIED_KIND = "carried-kind"
    CARRIED_HEAD = "carried-head"
    RESTORE_HELD = "restore-held"
    # text forms, specs/12
    TEXT_LENGTH = "text-length"
    TEXT_CASE = "text-case"
    TEXT_PREFIX = "text-prefix"
    TEXT_CHARACTER = "text-character"
    TEXT_CHECKSUM = "text-checksum"
    TEXT_PADDING = "text-padding"
    TEXT_SECRET = "text-secret"
    TEXT_SCHEME = "text-scheme"
    TEXT_FIELD = "text-field"
    ARMOR_FORM = "armor-form"
    FINGERPRINT_FORM = "fingerprint-form"
    ADDRESS_FORM = "address-form"
    # bundles, specs/12
    BUNDLE_MAGIC = "bundle-magic"
    BUNDLE_VERSION = "bundle-version"
    BUNDLE_FORM = "bundle-form"
    BUNDLE_SUBJECT = "bundle-subject"
    BUNDLE_MISSING = "bundle-missing"
    NETWORK_MISMATCH = "network-mismatch"
    NOT_TRUSTED = "not-trusted"
    # channel and wire, specs/09
    CHANNEL_PREAMBLE = "channel-preamble"
    CHANNEL_VERSION = "channel-version"
    CHANNEL_HANDSHAKE = "channel-handshake"
    CHANNEL_KEY = "channel-key"
    CHANNEL_DECRYPT = "channel-decrypt"
    CHANNEL_FRAME = "channel-frame"
    CHANNEL_STATE = "channel-state"
    CHANNEL_EXPIRED = "channel-expired"
    CHANNEL_CLOSED = "channel-closed"
    CHANNEL_TRUNCATED = "channel-truncated"
    MESSAGE_TYPE = "message-type"
    MESSAGE_FORM = "message-form"
    MESSAGE_SIZE = "message-size"
    MESSAGE_STATE = "message-state"
    PEER_UNKNOWN = "peer-unknown"
    PEER_DUPLICATE = "peer-duplicate"
    PEER_SILENT = "peer-silent"
    INVITATION_UNKNOWN = "invitation-unknown"
    INVITATION_EXPIRED = "invitation-expired"
    INVITATION_SELF = "invitation-self"
    QUOTA = "quota"
    # compacts and decisions, specs/05 and 07
    COMPACT_UNKNOWN = "compact-unknown"
    COMPACT_FOUNDER = "compact-founder"
    COMPACT_MEMBER = "compact-member"
    COMPACT_SPONSOR = "compact-sponsor"
    COMPACT_WEIGHT = "compact-weight"
    COMPACT_MISMATCH = "compact-mismatch"
    CLASS_UNKNOWN = "class-unknown"
    RULE_UNKNOWN = "rule-unknown"
    MOTION_UNKNOWN = "motion-unknown"
    MOTION_STATE = "motion-state"
    MOTION_NOT_MOVER = "motion-not-mover"
    MOTION_SECONDS = "motion-seconds"
    MOTION_CLASS = "motion-class"
    DISCUSSION_OPEN = "discussion-open"
    FREEZE_UNKNOWN = "freeze-unknown"
    FREEZE_MISMATCH = "freeze-mismatch"
    FREEZE_DOUBLE = "freeze-double"
    FREEZE_RECEIPTS = "freeze-receipts"
    FREEZE_WINDOW = "freeze-window"
    FREEZE_ROLL = "freeze-roll"
    POSITION_LATE = "position-late"
    POSITION_TALLY = "position-tally"
    POSITION_NUMBER = "position-number"
    POSITION_DOUBLE = "position-double"
    POSITION_RECEIPTS = "position-receipts"
    POSITION_NOT_MEMBER = "position-not-member"
    VOTE_LIST = "vote-list"
    VOTE_ROUND = "vote-round"
    VOTE_DOUBLE = "vote-double"
    LOCKS_MISSING = "locks-missing"
    LOCKS_SPLIT = "locks-split"
    UNITS_EMPTY = "units-empty"
    UNITS_COUNT = "units-count"
    UNITS_WEIGHT = "units-weight"
    UNITS_VALID = "units-valid"
    # mandates, specs/06
    MANDATE_UNKNOWN = "mandate-unknown"
    MANDATE_NOT_BEGUN = "mandate-not-begun"
    MANDATE_ENDED = "mandate-ended"
    MANDATE_SCOPE = "mandate-scope"
    MANDATE_DELEGATE = "mandate-delegate"
    INSTRUCTION = "instruction"
    REFER_BACK = "refer-back"
    RATIFY = "ratify"
    RECALLED = "recalled"
    RECEIPTS_MISSING = "receipts-missing"
    ACT_STALE = "act-stale"
    ACT_NUMBER = "act-number"
    ACT_PREVIOUS = "act-previous"
    ACT_DOUBLE = "act-double"
    ACT_ATTENDANCE = "act-attendance"
    ACT_CEILING = "act-ceiling"
    TOTAL_CEILING = "total-ceiling"
    OVERRIDDEN = "overridden"
    CONDITION_UNKNOWN = "condition-unknown"
    RATIFY_REFUSED = "ratify-refused"
    MANDATE_FORM = "mandate-form"
    MANDATE_TERMS = "mandate-terms"
    MANDATE_ROTATION = "mandate-rotation"
    MANDATE_EXCLUSIVE = "mandate-exclusive"
    MANDATE_COUNCILS = "mandate-councils"
    MANDATE_OVERDUE = "mandate-overdue"
    MANDATE_SUSPENDED = "mandate-suspended"
    REPORT_MISSING = "report-missing"
    REPORT_DUE = "report-due"
    # requests
    BAD_REQUEST = "bad-request"
    UNSUPPORTED_OP = "unsupported-op"
    KIND_UNKNOWN = "kind-unknown"
    RECORD_UNKNOWN = "record-unknown"


class ConfedError(Exception):
    """Root of every error of this library; `reason` says why, stably."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class LocalProtocolError(ConfedError):
    """The caller broke the rules: what it asked for would be refused by every peer."""


class RemoteProtocolError(ConfedError):
    """The peer broke the rules; the link ends, the node lives on."""


class DecodeError(ConfedError):
    """Bytes or text that are not the one accepted encoding of anything."""


class VerificationError(ConfedError):
    """Well-formed, but a signature, proof or authority does not hold."""

    def __init__(self, reason: Reason, detail: str = "", record_id: RecordId | None = None) -> None:
        super().__init__(reason, detail)
        self.record_id = record_id
