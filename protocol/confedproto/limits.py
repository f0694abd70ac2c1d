"""Every bound of the protocol, with its unit and the reason for it.

A bound is a number that a peer could otherwise choose for us. Nothing in this library
allocates, loops or recurses past one of these. Source: specs/00-conventions.md, LIM-1.
"""

from typing import Final

# --- encoding (specs/01) ---------------------------------------------------------------
INT_MAX: Final = 2**53 - 1  # value; the largest integer that every language holds exactly
INT_MIN: Final = -INT_MAX  # value; symmetric, so that negation never leaves the range
DEPTH_MAX: Final = 8  # levels; the deepest record needs 6, recursion stays trivial
ARRAY_MAX: Final = 1_024  # items; the largest list is a page of records in a bundle
MAP_MAX: Final = 64  # entries; the widest body has fewer than 30 fields
KEY_MAX: Final = 31  # bytes; so that every key fits a one-byte string header

# --- records and log (specs/03) --------------------------------------------------------
RECORD_MAX_BYTES: Final = 16_384  # one envelope; four of them fit one frame with room
SIGNATURES_MAX: Final = 128  # per envelope; what fits RECORD_MAX_BYTES beside a payload
NAME_MAX_CHARS: Final = 64  # code points; a name that fits one line of a phone
TEXT_MAX_CHARS: Final = 2_000  # code points of a text field inside a record
HEAD_MAX_BYTES: Final = 256  # one signed head; the real ones have about 170
LOG_MAX_SIZE: Final = 2**40  # leaves; 35 years at a thousand records a second
PROOF_MAX_HASHES: Final = 64  # hashes; a consistency proof of LOG_MAX_SIZE needs at most 41
HEAD_CACHE_MAX: Final = 256  # good heads remembered; about 150 kB, the logs that are being pulled
WITNESS_HEADS_MAX: Final = 64  # heads per witness record; keeps a receipt's path at 6 hashes
DELEGATES_MAX: Final = 8  # partners, or substitutes, that one mandate names: people, no lists
INSTRUCTIONS_MAX: Final = 64  # rows of instructions in one mandate; it fits a record and a page
REPORTS_MAX: Final = 64  # report dates of one mandate; one a month for five years
OFFICES_MAX: Final = 16  # pairs of levels that exclude each other in one charter
HOLDOVER_MAX_S: Final = 14 * 86_400  # seconds after a mandate's end; time to finish, not to stay
AMOUNT_MAX: Final = 10**12  # least units of a currency per act; sums of acts fit INT_MAX
KEYHOLDERS_MAX: Final = 32  # keys per charter; larger councils delegate the signing
KEY_CACHE_MAX: Final = 16_384  # checked keys remembered; about 4 MB, 16 keys a council
CARRIED_MAX_BYTES: Final = 15_000  # one envelope inside another, with its head and a signature
LOGS_PER_COUNCIL_MAX: Final = 64  # logs of one council; a server replaced every week for a year
ADDRESSES_MAX: Final = 4  # addresses per node record
ADDRESS_MAX_CHARS: Final = 128  # code points; an onion name with its port has 68
MEMBERS_MAX: Final = 1_024  # councils per compact; one array
NAMED_MAX: Final = 64  # records that one motion names in a list; a page of a screen
MOTIONS_OPEN_MAX: Final = 5  # motions of one council between draft and closed, per compact
WEIGHT_MAX: Final = 1_000_000  # halves; the sum over MEMBERS_MAX stays far below INT_MAX
BALLOTS_MAX: Final = 10**12  # ballots per position; the sum over MEMBERS_MAX fits INT_MAX
SHARE_MAX: Final = 1_000  # denominator of a rule's share; no charter asks for finer ones
WINDOW_MAX_S: Final = 10 * 366 * 86_400  # seconds; no window of a compact exceeds ten years
TIME_MAX_S: Final = 2**40  # seconds UTC; far beyond any calendar, far below INT_MAX

SUSPENSION_S: Final = 72 * 3_600  # seconds; a weekend and a day to gather the threshold

# --- clocks ----------------------------------------------------------------------------
CLOCK_AHEAD_MAX_S: Final = 3_600  # seconds a head may be ahead of us before it is held

# --- files and text forms (specs/12) ---------------------------------------------------
SSHSIG_MAX_BYTES: Final = 1_024  # one SSHSIG blob; a real one has 150 to 250
BUNDLE_MAX_BYTES: Final = 4 * 1_048_576  # one .confed file; 300 councils' certificate fits
BUNDLE_SIGNATURES_MAX: Final = 8_192  # signatures in one file; checking them takes half a second
TEXT_FORM_MAX_CHARS: Final = 8_192  # characters of one pasted text form before any parsing
ARMOR_MAX_BYTES: Final = 65_536  # bytes inside one armor; larger things travel as files
BUNDLE_FILES_MAX: Final = 64  # files that one carries: a chain, a recall, a term's reports
ASK_MAX_BYTES: Final = 65_536  # a mandate's file and an act to sign; 99 QR parts hold it
QR_MAX_CHARS: Final = 4_296  # characters; the largest QR symbol in alphanumeric mode
INVITATION_MAX_CHARS: Final = 512  # characters; a real one has 150 to 250

# --- channel and wire (specs/09) -------------------------------------------------------
FRAME_MAX_BYTES: Final = 65_535  # one Noise message; the u16 length prefix says so
MESSAGE_MAX_BYTES: Final = FRAME_MAX_BYTES - 16  # plaintext of a frame: less the AEAD tag
HANDSHAKE_MAX_BYTES: Final = 512  # each handshake message; the real ones have 48 to about 200
REKEY_AFTER_MESSAGES: Final = 1_024  # messages per key and direction
CHANNEL_MAX_S: Final = 86_400  # seconds until a new handshake
HANDSHAKE_MAX_S: Final = 10  # seconds for the whole handshake; a slow peer holds no slot longer
CHANNEL_CLOSE_S: Final = 10  # seconds past CHANNEL_MAX_S in which a close still passes
KNOCK_MAX_BYTES: Final = 61_440  # the records of one knock; one message, with room for its frame
PUSHES_PER_HOUR: Final = 4  # urgent pushes of one council's logs; what comes more often can wait
PUSH_LEAVES_MAX: Final = 16  # leaves of one push; longer growth is bulk
AHEAD_LEAVES: Final = 16  # leaves sent over a link before its next pull; its queue holds them
PATIENCE_MIN_MS: Final = 100  # milliseconds; a relay of a fast network stores and sends in that
PATIENCE_MAX_MS: Final = 2_000  # milliseconds; what a source that says nothing can hold up a record
KNOCK_CHARTERS_MAX: Final = 128  # charters of one knock; a rotation a month for ten years
KNOCKS_PER_HOUR: Final = 128  # of one invitation; a guest that waits redials once a minute
RUN_MAX_RECORDS: Final = 1_024  # leaves of one run
PART_MAX_BYTES: Final = 16_384  # one detached part: a text, or 64 heads of a witness record
ROWS_INLINE_MAX: Final = 256  # rows of a list inside a body; 9 kB of them, and room beside
ROWS_MAX_BYTES: Final = 43_008  # a longer list beside its record: MEMBERS_MAX rows in a frame
RUN_MAX_BYTES: Final = 60_000  # bytes of leaves and parts in one run message: one frame
FILE_MAX_BYTES: Final = 1_048_576  # one file; longer ones belong elsewhere
FILE_CHUNK_BYTES: Final = 32_768  # one piece of a file; one fits a frame with room
FILES_MAX: Final = 16  # files named by one record
HEADS_PER_MESSAGE: Final = 512  # log heads in one announcement
RANGES_PER_MESSAGE: Final = 256  # nodes of the tree of heads in one message, about 36 kB
SCOPES_MAX: Final = 32  # scopes; of which two nodes compare what they hold; 48 bytes a digest each
FRESH_HEADS_MAX: Final = 256  # heads; those signed again, in one message, about 44 kB
WANT_MAX: Final = (
    64  # leaves; withheld ones asked for at once; their indexes take at most 600 bytes
)
DISK_BYTES: Final = 8 * 2**30  # bytes of records that a node keeps unless told otherwise
ORIGIN_SHARE: Final = 8  # part; the part of it that one council may fill; 2,000,000 short records
LINK_SHARE: Final = 4  # part; the part of it that the logs one linked council introduced may fill
RESERVE_SHARE: Final = 32  # part; the part of it that none but the node's own log may fill
LEAF_OVERHEAD_BYTES: Final = 64  # bytes of rows and indexes beside each leaf, as measured
RECENT_KEPT: Final = 1_000  # leaves; the newest of a log of which a recent-only replica has all
ASK_BURST: Final = 524_288  # units; what comparing 100,000 heads from nothing costs, and some more
ASK_RATE: Final = 2_048  # units a second and link; under half a percent of one core
LOGS_MAX: Final = 131_072  # logs a node follows; 100,000 councils and their replaced servers
LOGS_PER_LINK_MAX: Final = 4_096  # logs one linked council may introduce to us
