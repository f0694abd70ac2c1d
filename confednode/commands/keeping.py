"""keys: making, showing, writing down and rehearsing keyholders' and delegates' keys."""

import tempfile
from pathlib import Path

import click

from confednode import keyring, words
from confednode.commands.base import Shell, command, read_file, read_passphrase
from confednode.commands.failing import fail_usage
from confednode.errors import KeyringError, NodeReason
from confedproto import keys as ed25519
from confedproto import text
from confedproto.keys import SigningKey


@click.group()
def keys() -> None:
    """Key files of keyholders and delegates."""


@keys.command("new")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True)
@click.option("--no-passphrase", is_flag=True, help="Leave the key file unsealed.")
@click.option("--paper-file", type=click.Path(path_type=Path), help="From 24 words on paper.")
@command
def keys_new(shell: Shell, target: Path, no_passphrase: bool, paper_file: Path | None) -> None:
    """Make a new key in a file, for a keyholder-to-be or a delegate."""
    passphrase: bytes | None = None
    if shell.passphrase_file is not None and not no_passphrase:
        passphrase = read_passphrase(shell.passphrase_file)
    elif not no_passphrase:
        asked = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
        passphrase = str(asked).encode()
    seed = keyring.new_seed() if paper_file is None else _seed_of(paper_file)
    public = keyring.write_key(target, seed, passphrase)
    key = text.encode_key(public)
    shell.emit(
        {"key": key, "fingerprint": text.fingerprint(public), "file": str(target)},
        [f"Key: {key}", f"Fingerprint: {text.fingerprint(public)}", f"File: {target}"],
    )


@keys.command("list")
@command
def keys_list(shell: Shell) -> None:
    """The key files in the node's folder."""
    rows = [
        {"file": str(entry.path), "key": text.encode_key(entry.public), "sealed": entry.sealed}
        for entry in keyring.list_keys(shell.home.keys)
    ]
    shell.emit({"keys": rows}, (f"{row['key']}  {row['file']}" for row in rows))


@keys.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@command
def keys_export(shell: Shell, file: Path) -> None:
    """The public half of a key file, to be given to others. Needs no passphrase."""
    public = keyring.public_of(file)
    key = text.encode_key(public)
    shell.emit(
        {"key": key, "fingerprint": text.fingerprint(public)},
        [key, f"Fingerprint: {text.fingerprint(public)}"],
    )


@keys.command("paper")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), required=True)
@command
def keys_paper(shell: Shell, file: Path, target: Path) -> None:
    """Write a key as 24 words to a file (mode 0600) to be printed and then deleted.

    The words alone make the key again: whoever reads them has it.
    """
    seed = keyring.read_seed(file, shell.passphrase())
    public = SigningKey(seed).public
    listed = words.to_words(seed)
    rows = [
        "   ".join(f"{n + 1:2}. {listed[n]}" for n in range(start, start + 6))
        for start in range(0, words.PAPER_WORDS, 6)
    ]
    page = [
        "CONFED KEY ON PAPER",
        f"key          {text.encode_key(public)}",
        f"fingerprint  {text.fingerprint(public)}",
        "",
        *rows,
        "",
        "To make the key again: confed keys new --paper-file WORDS.txt --to KEY.key",
        "Keep this page apart from the server. Whoever reads it can sign for you.",
    ]
    keyring.write_secret(target, "\n".join(page) + "\n")
    shell.emit(
        {"key": text.encode_key(public), "file": str(target), "words": words.PAPER_WORDS},
        [f"24 words of {text.encode_key(public)} are in {target}: print it, then delete it."],
    )


@keys.command("drill")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--paper-file", type=click.Path(path_type=Path), help="The 24 words, in a file.")
@command
def keys_drill(shell: Shell, file: Path, paper_file: Path | None) -> None:
    """Rehearse: make the key again from paper, on a copy, and see that it signs as yours."""
    public = keyring.public_of(file)
    if paper_file is None and not shell.json_mode:
        seed = words.from_words(str(click.prompt("The 24 words", hide_input=True, err=True)))
    elif paper_file is None:
        fail_usage("--json needs --paper-file", json_mode=True)
    else:
        seed = _seed_of(paper_file)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "drill.key"
        keyring.write_key(copy, seed, None)
        again = keyring.read_key(copy, None)
    if again.public != public:
        raise KeyringError(NodeReason.PAPER_WORDS, "the words are good, but of another key")
    message = b"confed drill"
    ed25519.verify(public, message, again.sign(message))
    shell.emit(
        {"key": text.encode_key(public), "recovered": True},
        ["The paper gives your key. Nothing was changed."],
    )


@keys.command("passphrase")
@click.option("--words", "count", type=click.IntRange(6, 24), default=6, show_default=True)
@command
def keys_passphrase(shell: Shell, count: int) -> None:
    """Think of a passphrase for you: random words, 11 bits each."""
    made = words.passphrase(count)
    shell.emit({"passphrase": made, "bits": 11 * count}, [made])


def _seed_of(paper: Path) -> bytes:
    """The seed in a file of 24 words; a whole printed page does too."""
    content = read_file(paper, 8_192).decode("utf-8", "replace")
    if "CONFED KEY ON PAPER" in content:
        body = content.split("\n\n")[1]
        content = " ".join(part for part in body.split() if not part.rstrip(".").isdigit())
    return words.from_words(content)
