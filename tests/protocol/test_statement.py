"""Statements: a text, and files by hash; nothing else follows from them."""

import pytest

from confedproto.bodies import KINDS
from confedproto.bodies.statement import File, Statement
from confedproto.errors import LocalProtocolError, Reason
from confedproto.limits import FILE_MAX_BYTES, FILES_MAX, TEXT_MAX_CHARS
from tests.support.councils import Author

FILE = File(name="minutes.txt", media="text", size=5, root=bytes(32))


def test_statement_with_files_opens_as_it_was_written() -> None:
    body = Statement(text="We met.", files=(FILE,))
    assert Author(1).make(body).body == body


def test_statement_is_plain_and_names_no_subject() -> None:
    assert KINDS["statement"].plain
    assert not KINDS["statement"].subject


@pytest.mark.parametrize(
    "body",
    [
        Statement(text=""),
        Statement(text="x" * (TEXT_MAX_CHARS + 1)),
        Statement(text="x", files=()),
        Statement(text="x", files=(FILE,) * (FILES_MAX + 1)),
        Statement(text="x", files=(File(name="x", media="x", size=0, root=bytes(32)),)),
        Statement(
            text="x", files=(File(name="x", media="x", size=FILE_MAX_BYTES + 1, root=bytes(32)),)
        ),
        Statement(text="x", files=(File(name="x", media="x", size=1, root=bytes(31)),)),
    ],
)
def test_statement_out_of_range_is_never_signed(body: Statement) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        Author(1).make(body)
    assert caught.value.reason is Reason.BODY_FORM
