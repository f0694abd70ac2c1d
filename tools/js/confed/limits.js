// The bounds of the protocol that a verifier meets (specs/registries/limits.toml).

export const INT_MAX = Number.MAX_SAFE_INTEGER; // 2^53 - 1
export const DEPTH_MAX = 8;
export const ARRAY_MAX = 1024;
export const MAP_MAX = 64;
export const KEY_MAX = 31;

export const RECORD_MAX_BYTES = 16384;
export const SIGNATURES_MAX = 128;
export const NAME_MAX_CHARS = 64;
export const TEXT_MAX_CHARS = 2000;
export const HEAD_MAX_BYTES = 256;
export const LOG_MAX_SIZE = 2 ** 40;
export const PROOF_MAX_HASHES = 64;
export const WITNESS_HEADS_MAX = 64;
export const DELEGATES_MAX = 8;
export const INSTRUCTIONS_MAX = 64;
export const REPORTS_MAX = 64;
export const OFFICES_MAX = 16;
export const HOLDOVER_MAX_S = 14 * 86400;
export const AMOUNT_MAX = 10 ** 12;
export const KEYHOLDERS_MAX = 32;
export const KEY_CACHE_MAX = 16384;
export const ADDRESSES_MAX = 4;
export const ADDRESS_MAX_CHARS = 128;
export const MEMBERS_MAX = 1024;
export const NAMED_MAX = 64;
export const WEIGHT_MAX = 1000000;
export const BALLOTS_MAX = 10 ** 12;
export const SHARE_MAX = 1000;
export const WINDOW_MAX_S = 10 * 366 * 86400;
export const TIME_MAX_S = 2 ** 40;
export const PART_MAX_BYTES = 16384;
export const ROWS_INLINE_MAX = 256;
export const ROWS_MAX_BYTES = 43008;
export const FILE_MAX_BYTES = 1048576;
export const FILES_MAX = 16;

export const SSHSIG_MAX_BYTES = 1024;
export const BUNDLE_MAX_BYTES = 4 * 1048576;
export const BUNDLE_SIGNATURES_MAX = 8192;
export const TEXT_FORM_MAX_CHARS = 8192;
export const ARMOR_MAX_BYTES = 65536;
export const BUNDLE_FILES_MAX = 64;
export const ASK_MAX_BYTES = 65536;
export const QR_MAX_CHARS = 4296;
export const INVITATION_MAX_CHARS = 512;

export const SUSPENSION_S = 72 * 3600; // how long a suspension lasts (SUS-2)
export const FRAME_MAX_BYTES = 65535;
export const MESSAGE_MAX_BYTES = FRAME_MAX_BYTES - 16;
export const HANDSHAKE_MAX_BYTES = 512;
export const REKEY_AFTER_MESSAGES = 1024;
export const CARRIED_MAX_BYTES = 15000;
