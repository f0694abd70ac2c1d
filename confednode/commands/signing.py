"""requests, sign, submit: collecting keyholders' signatures, wherever their keys are."""

from pathlib import Path
from typing import Any

import click

from confednode import keyring, paper, plain, sshagent
from confednode.commands.base import (
    Shell,
    command,
    read_file,
    read_input,
    read_passphrase,
    write_file,
)
from confednode.commands.failing import fail_usage
from confednode.errors import KeyringError, NodeReason
from confedproto import signrequest, sshsig, text
from confedproto.errors import DecodeError, Reason
from confedproto.ids import SSHSIG_NAMESPACE
from confedproto.record import Signature
from confedproto.signrequest import SignRequest
from confedproto.text import QrData, QrKind, parts
from confedproto.text.harmless import shown

_ARMORED = b"-----BEGIN CONFED SIGN REQUEST-----"
_QR = b"CONFED:"
_INPUT = Path("-")
"""The argument that stands for standard input: where a scanner types what it reads."""
_TERMINAL = Path("/dev/tty")
_ANSWER_MAX = 64
_PATH = click.Path(path_type=Path)
_MOST = 2 * signrequest.FILE_MAX_BYTES


def read_request(path: Path) -> SignRequest:
    """A sign request, in any form. Raises ConfedError or KeyringError."""
    data = read_input(_MOST) if path == _INPUT else read_file(path, _MOST)
    return signrequest.decode(unwrapped(data))


def unwrapped(data: bytes) -> bytes:
    """The bytes of a sign request in armor or in the texts of its QR codes, or `data` itself."""
    if data.startswith(_ARMORED):
        armor = text.decode_armor(data.decode("ascii", "replace"))
        if armor.label is not text.ArmorLabel.SIGN_REQUEST:
            raise DecodeError(Reason.ARMOR_FORM, "no sign request")
        return armor.data
    if not data.startswith(_QR):
        return data
    texts = data.decode("ascii", "replace").split()
    if texts[0].startswith(parts.SCHEME):
        return parts.join_parts(texts)
    code = text.decode_qr(texts[0])
    if len(texts) == 1 and isinstance(code, QrData) and code.kind is QrKind.REQUEST:
        return code.data
    raise DecodeError(Reason.ENVELOPE_FORM, "the QR code of something else")


def write_request(path: Path, request: SignRequest, *, armored: bool) -> None:
    """Write a sign request for the next one who signs."""
    data = signrequest.encode(request)
    if armored:
        label = text.ArmorLabel.SIGN_REQUEST
        data = text.encode_armor(text.Armor(label=label, data=data)).encode("ascii")
    write_file(path, data)


def described(request: SignRequest) -> dict[str, Any]:
    """The JSON form of a request."""
    return {
        "id": text.encode_record(request.id),
        "progress": plain.progress(request),
        "complete": request.complete,
        "signed": [text.encode_key(key) for key in request.signed],
        "missing": [text.encode_key(key) for key in request.keys if key not in request.signed],
    }


@click.command()
@click.option("--to", "folder", type=_PATH, help="Write them as files here.")
@click.option("--qr", is_flag=True, help="Print the texts of their QR codes, one a line.")
@click.option("--html", "page", type=_PATH, help="Write a page with words and QR codes.")
@command
def requests(shell: Shell, folder: Path | None, qr: bool, page: Path | None) -> None:
    """What waits for signatures, and whose are missing."""
    rows = shell.ask("pending")["requests"]
    for row in rows:
        if folder is not None:
            path = folder / f"{row['id'][4:16]}.confed-sign"
            write_file(path, bytes.fromhex(row["file"]))
            row["path"] = str(path)
        if qr:
            row["qr"] = paper.qr_texts(bytes.fromhex(row["file"]), QrKind.REQUEST)
    fields: dict[str, Any] = {"requests": rows}
    if page is not None:
        files = [bytes.fromhex(row["file"]) for row in rows]
        words = [(plain.explain(signrequest.decode(file)), file) for file in files]
        write_file(page, paper.requests_page(words).encode())
        fields["html"] = str(page)
    listed = [
        line
        for row in rows
        for line in (f"{row['kind']:<12} {row['id']}  {row['progress']}", *row.get("qr", ()))
    ]
    shell.emit(fields, listed or ["Nothing waits for a signature."])


@click.command()
@click.argument("file", type=_PATH)
@click.option("--key", "key_file", type=_PATH, help="A key file.")
@click.option("--agent", type=_PATH, help="A .pub file: ask ssh-agent.")
@click.option("--message", type=_PATH, help="Write what ssh-keygen signs.")
@click.option("--sshsig", "signed", type=_PATH, help="Its .sig file.")
@click.option("--to", "target", type=_PATH, help="Default: the same file.")
@click.option("--armor", "armored", is_flag=True, help="Write text that survives mail and chat.")
@click.option("--qr", is_flag=True, help="Print the texts of its QR codes, one a line.")
@click.option("--show", "only_show", is_flag=True, help="Say what it is; sign nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before signing.")
@command
def sign(
    shell: Shell,
    file: Path,
    key_file: Path | None,
    agent: Path | None,
    message: Path | None,
    signed: Path | None,
    target: Path | None,
    armored: bool,
    qr: bool,
    only_show: bool,
    yes: bool,
) -> None:
    """Read a sign request in plain words, and sign it. Needs no node and no network.

    FILE is a request in any form, - the texts of its QR codes on standard input.
    With an SSH key: --agent KEY.pub, or --message M, then
    `ssh-keygen -Y sign -n confed-record-1 -f KEY M`, then --sshsig M.sig.
    """
    request = read_request(file)
    lines = plain.explain(request)
    for line in lines:
        click.echo(shown(line), err=True)
    ways = [way for way in (key_file, agent, signed) if way is not None]
    if message is not None:
        write_file(message, request.message)
    if only_show or (message is not None and not ways):
        shell.emit(described(request) | {"explained": lines}, [plain.progress(request)])
        return
    if len(ways) != 1:
        fail_usage("give one of --key, --agent, --sshsig", json_mode=shell.json_mode)
    if file == _INPUT and not (target or qr):
        fail_usage("with - give --to or --qr", json_mode=shell.json_mode)
    if not yes and not _agrees(file):
        raise KeyringError(NodeReason.SIGN_REFUSED, "not signed")
    request = request.add(_signature(shell, request, key_file, agent, signed))
    told = described(request) | {"explained": lines}
    if target is not None or file != _INPUT:
        write_request(target or file, request, armored=armored)
        told["file"] = str(target or file)
    if qr:
        told["qr"] = paper.qr_texts(signrequest.encode(request), QrKind.REQUEST)
    shell.emit(told, [plain.progress(request), *told.get("qr", ())])


def _agrees(file: Path) -> bool:
    """Whether the keyholder says yes: at the terminal, where standard input was the request.

    Raises KeyringError: there is no terminal to ask.
    """
    if file != _INPUT:
        return click.confirm("Sign this?", default=False, err=True)
    try:
        with _TERMINAL.open("r+b", buffering=0) as terminal:
            terminal.write(b"Sign this? [y/N]: ")
            return terminal.readline(_ANSWER_MAX).strip().lower() in (b"y", b"yes")
    except OSError as error:
        told = "no terminal to ask: give --yes, or the request as a file"
        raise KeyringError(NodeReason.SIGN_REFUSED, told) from error


def _signature(
    shell: Shell, request: SignRequest, key_file: Path | None, agent: Path | None, sig: Path | None
) -> Signature:
    if key_file is not None:
        passphrase = read_passphrase(shell.passphrase_file) if shell.passphrase_file else None
        if passphrase is None and keyring.is_sealed(key_file):
            passphrase = str(click.prompt("Passphrase", hide_input=True, err=True)).encode()
        made = request.sign(keyring.read_key(key_file, passphrase)).signatures
        public = keyring.public_of(key_file)
        one = next(signature for signature in made if signature.signer == public)
    elif agent is not None:
        one = sshagent.sign(agent, request.message)
    else:
        armored = read_file(sig or Path(), 8_192).decode("ascii", "replace")
        blob = sshsig.armor_to_blob(armored)
        parsed = sshsig.parse(blob)
        if parsed.namespace != SSHSIG_NAMESPACE:
            raise DecodeError(Reason.SSHSIG_NAMESPACE, "made for another namespace")
        one = Signature(signer=text_key(parsed.key), form=parsed.form, signature=parsed.signature)
    if one.signer not in request.keys:
        raise KeyringError(NodeReason.SIGN_REFUSED, "this key is not asked to sign")
    return one


def text_key(key: bytes) -> Any:
    """A key whose goodness the signature's check will show."""
    return key


@click.command()
@click.argument("files", nargs=-1, required=True, type=_PATH)
@command
def submit(shell: Shell, files: tuple[Path, ...]) -> None:
    """Hand signed requests to the node: it joins them, and takes the record up when enough.

    FILES are requests in any form, - the texts of one's QR codes on standard input.
    """
    whole = signrequest.join(read_request(path) for path in files)
    reply = shell.ask("collect", files=[signrequest.encode(whole).hex()])
    done = "Taken up." if reply["submitted"] else "Waits for more signatures."
    shell.emit(reply, [f"{reply['kind']} {reply['id']}", str(reply["progress"]), done])
