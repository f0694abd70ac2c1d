"""An exhaustive explorer of the certificate protocol (specs/07, CER)."""
