"""SSHSIG: what ssh-keygen made, what a FIDO key would make, and everything that is neither."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confedproto import keys, sshsig
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import SSHSIG_NAMESPACE, PublicKey
from confedproto.limits import SSHSIG_MAX_BYTES, TEXT_FORM_MAX_CHARS

# Made with OpenSSH 9.2: `ssh-keygen -Y sign -f KEY -n NAMESPACE < message.bin`.
DATA = Path(__file__).parent / "data" / "sshsig"
MESSAGE = (DATA / "message.bin").read_bytes()
KEY = keys.check_public_key(
    base64.b64decode((DATA / "key.pub").read_text("ascii").split()[1])[-32:]
)
ARMOR = (DATA / "record-namespace.sig").read_text("ascii")
BLOB = sshsig.armor_to_blob(ARMOR)

SK = keys.SigningKey(hashlib.sha256(b"a FIDO key").digest())
SSH = b"ssh-ed25519"
SK_SSH = b"sk-ssh-ed25519@openssh.com"


def blob_of(name: str) -> bytes:
    return sshsig.armor_to_blob((DATA / name).read_text("ascii"))


def field(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def fields(*values: bytes) -> bytes:
    return b"".join(field(value) for value in values)


def build(
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    key: bytes,
    namespace: bytes = SSHSIG_NAMESPACE,
    reserved: bytes = b"",
    hash_name: bytes = b"sha512",
    signature: bytes,
) -> bytes:
    """An SSHSIG blob field by field, as OpenSSH's PROTOCOL.sshsig draws it."""
    rest = fields(key, namespace, reserved, hash_name, signature)
    return magic + version.to_bytes(4, "big") + rest


def sk_signature(
    message: bytes = MESSAGE,
    *,
    flags: int = 0x01,
    counter: int = 7,
    application: bytes = b"ssh:",
    namespace: bytes = SSHSIG_NAMESPACE,
) -> bytes:
    """Signature, flags and counter as a FIDO authenticator makes them (PROTOCOL.u2f)."""
    digest = hashlib.sha512(message).digest()
    signed = b"SSHSIG" + fields(namespace, b"", b"sha512", digest)
    tail = bytes([flags]) + counter.to_bytes(4, "big")
    what = hashlib.sha256(application).digest() + tail + hashlib.sha256(signed).digest()
    return SK.sign(what) + tail


def sk_blob(
    compact: bytes | None = None, *, application: bytes = b"ssh:", key: bytes = SK.public
) -> bytes:
    compact = sk_signature() if compact is None else compact
    return build(
        key=fields(SK_SSH, key, application),
        signature=fields(SK_SSH, compact[:64]) + compact[64:],
    )


# --- what holds -----------------------------------------------------------------------------


def test_verify_signature_of_ssh_keygen_holds() -> None:
    sshsig.verify(KEY, SSHSIG_NAMESPACE, MESSAGE, BLOB)
    sshsig.verify(KEY, b"file", MESSAGE, blob_of("file-namespace.sig"))
    sshsig.verify(KEY, SSHSIG_NAMESPACE, b"", blob_of("empty-message.sig"))


def test_parse_signature_of_ssh_keygen_gives_its_fields() -> None:
    parsed = sshsig.parse(BLOB)
    assert parsed.form == sshsig.FORM_SSH
    assert parsed.key == KEY
    assert parsed.namespace == SSHSIG_NAMESPACE
    assert parsed.signature == BLOB[-64:]


def test_compact_signature_of_ssh_keygen_verifies_without_wrapper() -> None:
    form, signature = sshsig.compact(BLOB)
    assert (form, len(signature)) == (1, 64)
    sshsig.verify_compact(KEY, form, SSHSIG_NAMESPACE, MESSAGE, signature)


def test_verify_fido_signature_holds() -> None:
    sshsig.verify(SK.public, SSHSIG_NAMESPACE, MESSAGE, sk_blob())
    form, signature = sshsig.compact(sk_blob())
    assert (form, signature) == (2, sk_signature())
    sshsig.verify_compact(SK.public, form, SSHSIG_NAMESPACE, MESSAGE, signature)


@pytest.mark.parametrize("flags", [0x01, 0x05, 0x1D])
def test_verify_fido_flags_with_user_present_holds(flags: int) -> None:
    signature = sk_signature(flags=flags, counter=2**32 - 1)
    sshsig.verify(SK.public, SSHSIG_NAMESPACE, MESSAGE, sk_blob(signature))


def test_preimages_of_all_forms_begin_differently() -> None:
    ssh = sshsig.preimage(SSHSIG_NAMESPACE, MESSAGE)
    fido = sshsig.sk_preimage(ssh, bytes(5))
    assert ssh.startswith(b"SSHSIG")
    assert fido.startswith(hashlib.sha256(b"ssh:").digest())
    assert len(fido) == 69


# --- what does not hold ---------------------------------------------------------------------


def reason(
    key: bytes, namespace: bytes, message: bytes, blob: bytes
) -> tuple[type[Exception], Reason] | None:
    try:
        sshsig.verify(PublicKey(key), namespace, message, blob)
    except (DecodeError, VerificationError) as error:
        return type(error), error.reason
    return None


def test_verify_other_key_namespace_or_message_refused() -> None:
    ns = SSHSIG_NAMESPACE
    assert reason(KEY, ns, MESSAGE, BLOB) is None
    assert reason(SK.public, ns, MESSAGE, BLOB) == (VerificationError, Reason.SSHSIG_KEY)
    assert reason(KEY, b"file", MESSAGE, BLOB) == (VerificationError, Reason.SSHSIG_NAMESPACE)
    other = blob_of("file-namespace.sig")
    assert reason(KEY, ns, MESSAGE, other) == (VerificationError, Reason.SSHSIG_NAMESPACE)
    assert reason(KEY, ns, MESSAGE + b"\n", BLOB) == (VerificationError, Reason.SIG_INVALID)


def test_verify_namespace_rewritten_in_the_wrapper_refused() -> None:
    forged = build(key=fields(SSH, KEY), signature=fields(SSH, blob_of("file-namespace.sig")[-64:]))
    found = reason(KEY, SSHSIG_NAMESPACE, MESSAGE, forged)
    assert found == (VerificationError, Reason.SIG_INVALID)


def test_parse_other_hash_or_key_type_of_ssh_keygen_refused() -> None:
    for name, expected in (("sha256.sig", Reason.SSHSIG_HASH), ("ecdsa.sig", Reason.SSHSIG_KEY)):
        with pytest.raises(DecodeError) as caught:
            sshsig.parse(blob_of(name))
        assert caught.value.reason is expected


@pytest.mark.parametrize("flags", [0x00, 0x04, 0xFE])
def test_verify_fido_without_user_present_refused(flags: int) -> None:
    found = reason(SK.public, SSHSIG_NAMESPACE, MESSAGE, sk_blob(sk_signature(flags=flags)))
    assert found == (VerificationError, Reason.SSHSIG_FLAGS)


def test_verify_fido_changed_flags_or_counter_refused() -> None:
    signature = sk_signature()
    for at in range(64, 69):
        changed = bytearray(signature)
        changed[at] ^= 0x04
        found = reason(SK.public, SSHSIG_NAMESPACE, MESSAGE, sk_blob(bytes(changed)))
        assert found == (VerificationError, Reason.SIG_INVALID)


def test_verify_fido_other_application_refused() -> None:
    named = sk_blob(sk_signature(application=b"ssh:work"), application=b"ssh:work")
    found = reason(SK.public, SSHSIG_NAMESPACE, MESSAGE, named)
    assert found == (DecodeError, Reason.SSHSIG_KEY)
    hidden = sk_blob(sk_signature(application=b"ssh:work"))
    found = reason(SK.public, SSHSIG_NAMESPACE, MESSAGE, hidden)
    assert found == (VerificationError, Reason.SIG_INVALID)


GOOD_KEY = fields(SSH, KEY)
GOOD_SIGNATURE = fields(SSH, BLOB[-64:])
SK_KEY = fields(SK_SSH, SK.public, b"ssh:")
SK_SIGNATURE = fields(SK_SSH, sk_signature()[:64]) + sk_signature()[64:]


def test_build_of_good_fields_equals_ssh_keygen() -> None:
    assert build(key=GOOD_KEY, signature=GOOD_SIGNATURE) == BLOB


@pytest.mark.parametrize(
    ("blob", "expected"),
    [
        (b"", Reason.SSHSIG_MAGIC),
        (b"SSHSI", Reason.SSHSIG_MAGIC),
        (BLOB[1:], Reason.SSHSIG_MAGIC),
        (build(magic=b"SSHSIH", key=GOOD_KEY, signature=GOOD_SIGNATURE), Reason.SSHSIG_MAGIC),
        (b"SSHSIG\0\0\0", Reason.SSHSIG_FORM),
        (build(version=0, key=GOOD_KEY, signature=GOOD_SIGNATURE), Reason.SSHSIG_VERSION),
        (build(version=2, key=GOOD_KEY, signature=GOOD_SIGNATURE), Reason.SSHSIG_VERSION),
        (
            build(key=fields(b"ssh-rsa", bytes(32)), signature=GOOD_SIGNATURE),
            Reason.SSHSIG_KEY,
        ),
        (build(key=fields(SSH, KEY[:31]), signature=GOOD_SIGNATURE), Reason.SSHSIG_KEY),
        (build(key=fields(SSH, KEY + b"\0"), signature=GOOD_SIGNATURE), Reason.SSHSIG_KEY),
        (build(key=GOOD_KEY + b"\0", signature=GOOD_SIGNATURE), Reason.SSHSIG_FORM),
        (build(key=fields(SSH), signature=GOOD_SIGNATURE), Reason.SSHSIG_FORM),
        (build(key=b"", signature=GOOD_SIGNATURE), Reason.SSHSIG_FORM),
        (
            build(key=GOOD_KEY, namespace=b"", signature=GOOD_SIGNATURE),
            Reason.SSHSIG_NAMESPACE,
        ),
        (build(key=GOOD_KEY, reserved=b"x", signature=GOOD_SIGNATURE), Reason.SSHSIG_FORM),
        (build(key=GOOD_KEY, hash_name=b"sha256", signature=GOOD_SIGNATURE), Reason.SSHSIG_HASH),
        (build(key=GOOD_KEY, hash_name=b"SHA512", signature=GOOD_SIGNATURE), Reason.SSHSIG_HASH),
        (build(key=GOOD_KEY, signature=fields(SSH, bytes(63))), Reason.SSHSIG_FORM),
        (build(key=GOOD_KEY, signature=fields(SSH, bytes(65))), Reason.SSHSIG_FORM),
        (build(key=GOOD_KEY, signature=GOOD_SIGNATURE + b"\0"), Reason.SSHSIG_FORM),
        (build(key=GOOD_KEY, signature=fields(b"rsa-sha2-512", bytes(64))), Reason.SSHSIG_FORM),
        (build(key=GOOD_KEY, signature=SK_SIGNATURE), Reason.SSHSIG_FORM),
        (build(key=SK_KEY, signature=GOOD_SIGNATURE), Reason.SSHSIG_FORM),
        (build(key=SK_KEY, signature=SK_SIGNATURE[:-1]), Reason.SSHSIG_FORM),
        (build(key=SK_KEY, signature=SK_SIGNATURE + b"\0"), Reason.SSHSIG_FORM),
        (build(key=fields(SK_SSH, SK.public), signature=SK_SIGNATURE), Reason.SSHSIG_FORM),
        (BLOB + b"\0", Reason.SSHSIG_FORM),
        (BLOB[:-1], Reason.SSHSIG_FORM),
        (BLOB[:10] + b"\xff\xff\xff\xff" + BLOB[14:], Reason.SSHSIG_FORM),
        (BLOB + bytes(SSHSIG_MAX_BYTES), Reason.SSHSIG_FORM),
    ],
)
def test_parse_one_field_wrong_refused_with_its_reason(blob: bytes, expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        sshsig.parse(blob)
    assert caught.value.reason is expected


def test_parse_every_truncation_refused() -> None:
    for blob in (BLOB, sk_blob()):
        for length in range(len(blob)):
            with pytest.raises(DecodeError):
                sshsig.parse(blob[:length])


@pytest.mark.parametrize("blob", [BLOB, sk_blob()], ids=["ssh", "sk"])
def test_verify_every_flipped_bit_refused(blob: bytes) -> None:
    key = sshsig.parse(blob).key
    assert reason(key, SSHSIG_NAMESPACE, MESSAGE, blob) is None
    for bit in range(8 * len(blob)):
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << bit % 8
        assert reason(key, SSHSIG_NAMESPACE, MESSAGE, bytes(flipped)) is not None, bit


@pytest.mark.parametrize(
    ("form", "length", "expected"),
    [
        (0, 64, Reason.SIG_FORM),
        (3, 64, Reason.SIG_FORM),
        (-1, 69, Reason.SIG_FORM),
        (1, 63, Reason.SIG_LENGTH),
        (1, 69, Reason.SIG_LENGTH),
        (2, 64, Reason.SIG_LENGTH),
        (2, 70, Reason.SIG_LENGTH),
    ],
)
def test_verify_compact_other_form_or_length_refused(
    form: int, length: int, expected: Reason
) -> None:
    with pytest.raises(VerificationError) as caught:
        sshsig.verify_compact(SK.public, form, SSHSIG_NAMESPACE, MESSAGE, bytes(length))
    assert caught.value.reason is expected


def test_verify_compact_bad_key_is_named_before_flags() -> None:
    key = PublicKey(bytes(32))  # y = 0: a point of order 4
    with pytest.raises(VerificationError) as caught:
        sshsig.verify_compact(key, 2, SSHSIG_NAMESPACE, MESSAGE, sk_signature(flags=0))
    assert caught.value.reason is Reason.KEY_ORDER


def test_verify_compact_forms_never_stand_for_each_other() -> None:
    raw = SK.sign(MESSAGE)
    for form, signature in ((1, raw), (2, raw + b"\x01" + bytes(4)), (1, sk_signature()[:64])):
        with pytest.raises(VerificationError) as caught:
            sshsig.verify_compact(SK.public, form, SSHSIG_NAMESPACE, MESSAGE, signature)
        assert caught.value.reason is Reason.SIG_INVALID
    with pytest.raises(VerificationError):
        keys.verify(SK.public, MESSAGE, sk_signature()[:64])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"SSHSIG" + tail))
def test_parse_any_bytes_gives_a_signature_or_decode_error(blob: bytes) -> None:
    try:
        parsed = sshsig.parse(blob)
    except DecodeError:
        return
    assert parsed.form in sshsig.COMPACT_BYTES


@settings(max_examples=300, deadline=None)
@given(
    base=st.sampled_from([BLOB, sk_blob()]),
    at=st.integers(0, 400),
    cut=st.integers(0, 8),
    put=st.binary(max_size=8),
)
def test_verify_any_edit_gives_a_reason_or_changes_nothing(
    base: bytes, at: int, cut: int, put: bytes
) -> None:
    edited = base[:at] + put + base[at + cut :]
    key = sshsig.parse(base).key
    assert (reason(key, SSHSIG_NAMESPACE, MESSAGE, edited) is None) == (edited == base)


# --- armor ----------------------------------------------------------------------------------

BEGIN, *BODY, END = ARMOR.splitlines()


def test_armor_line_ends_and_wrapping_do_not_matter() -> None:
    assert sshsig.armor_to_blob(ARMOR.rstrip("\n")) == BLOB
    assert sshsig.armor_to_blob(ARMOR.replace("\n", "\r\n")) == BLOB
    assert sshsig.armor_to_blob("\n".join([BEGIN, "".join(BODY), END])) == BLOB


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        BEGIN,
        f"{BEGIN}\n{END}",
        f" {ARMOR}",
        f"\n{ARMOR}",
        f"{ARMOR}\n",
        ARMOR + ARMOR,
        ARMOR.replace("BEGIN SSH", "BEGIN PGP"),
        ARMOR.replace(END, ""),
        ARMOR.replace(BODY[0], BODY[0] + " "),
        ARMOR.replace(BODY[0], "=" + BODY[0]),
        ARMOR.replace(BODY[0], "-" + BODY[0][1:]),
        ARMOR.replace(BODY[0], "\u00e9" + BODY[0][1:]),
        ARMOR.replace(BODY[-1], BODY[-1][:-1]),
        ARMOR.replace("E=", "F="),  # another last character, the same bytes
        ARMOR.replace("\n", "\u2028"),
    ],
)
def test_armor_anything_else_refused(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        sshsig.armor_to_blob(text)
    assert caught.value.reason is Reason.ARMOR_FORM


def test_armor_too_long_refused_before_decoding() -> None:
    with pytest.raises(DecodeError) as caught:
        sshsig.armor_to_blob("A" * (TEXT_FORM_MAX_CHARS + 1))
    assert caught.value.reason is Reason.TEXT_LENGTH


@given(st.text(max_size=200) | st.text(max_size=100).map(lambda t: f"{BEGIN}\n{t}\n{END}\n"))
def test_armor_any_text_gives_bytes_or_decode_error(text: str) -> None:
    try:
        blob = sshsig.armor_to_blob(text)
    except DecodeError:
        return
    assert isinstance(blob, bytes)
