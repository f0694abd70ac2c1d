"""Addresses: one text for each form, and a named refusal for all the rest."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confedproto.errors import Reason
from confedproto.limits import ADDRESS_MAX_CHARS
from confedproto.text import AddressForm, parse_address
from tests.support.texts import ONION, outcome, reason_of


@pytest.mark.parametrize(
    ("text", "form", "host", "port"),
    [
        ("node.example.org:4711", AddressForm.NAME, "node.example.org", 4711),
        ("localhost:1", AddressForm.NAME, "localhost", 1),
        ("xn--bcher-kva.example:65535", AddressForm.NAME, "xn--bcher-kva.example", 65535),
        ("1and1.example:80", AddressForm.NAME, "1and1.example", 80),
        ("a" * 63 + ".org:80", AddressForm.NAME, "a" * 63 + ".org", 80),
        ("127.0.0.1:4711", AddressForm.IPV4, "127.0.0.1", 4711),
        ("0.0.0.0:4711", AddressForm.IPV4, "0.0.0.0", 4711),
        ("255.255.255.255:9", AddressForm.IPV4, "255.255.255.255", 9),
        ("[::1]:4711", AddressForm.IPV6, "::1", 4711),
        ("[2001:db8::7]:4711", AddressForm.IPV6, "2001:db8::7", 4711),
        ("[2001:db8:0:1:1:1:1:1]:80", AddressForm.IPV6, "2001:db8:0:1:1:1:1:1", 80),
        (f"{ONION}:4711", AddressForm.ONION, ONION, 4711),
    ],
)
def test_address_of_each_form_is_parsed(text: str, form: AddressForm, host: str, port: int) -> None:
    address = parse_address(text)
    assert (address.form, address.host, address.port) == (form, host, port)
    assert address.text == text


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", ":80", "host", "host:", "host:0", "host:65536", "host:080", "host:+80"),
        *("host: 80", " host:80", "host:80 ", "host:80\n", "host:\u0668\u0660", "host:99999999"),
        *("127.1:80", "127.0.1:80", "2130706433:80", "0x7f.1:80", "0x7f000001:80", "0177.0.0.1:80"),
        *("127.0.0.01:80", "127.0.0.1.:80", "256.0.0.1:80", "1.2.3.4.5:80", "1.2.3.0x4:80"),
        *("host.0x7f:80", "host.1:80", "1.2.3.\u0664:80", "\uff11.2.3.4:80", "1.2.3:80"),
        *("Host:80", "host.:80", ".host:80", "a..b:80", "-a.org:80", "a-.org:80", "a_b.org:80"),
        *(
            "h\u00f6st.org:80",
            "\u0430.org:80",
            "a\u3002b:80",
            "user@host:80",
            "host/x:80",
            "h%61:80",
        ),
        *("a" * 64 + ".org:80", "a." * 70 + "org:80", "a:b:80", "::1:80", "host:80:80"),
        *("[::1]", "[::1]80", "[::1:80", "::1]:80", "[]:80", "[::1%eth0]:80", "[::01]:80"),
        *("[0:0:0:0:0:0:0:1]:80", "[::FFFF:1]:80", "[2001:DB8::1]:80", "[2001:db8::1:0:0:0]:80"),
        *("[::ffff:127.0.0.1]:80", "[::ffff:7f00:1]:80", "[::127.0.0.1]:80", "[1::2::3]:80"),
        *("[:::]:80", "[12345::]:80", "[127.0.0.1]:80", "[host]:80", "[[::1]]:80"),
        *("short.onion:80", f"www.{ONION}:80", f"{ONION[:55]}a.onion:80", f"a{ONION}:80"),
        *(ONION.upper() + ":80", ONION.replace("a", "1", 1) + ":80", "x.onion.:80"),
    ],
)
def test_address_in_another_form_is_refused(text: str) -> None:
    assert reason_of(parse_address, text) is Reason.ADDRESS_FORM


@settings(max_examples=300)
@given(st.text(alphabet="0123456789abcdefx.:[]-n\u0661", max_size=24) | st.text(max_size=150))
@example("[" + "0:" * 60 + "]:1")
def test_address_of_any_text_is_itself_or_refused(text: str) -> None:
    assert outcome(lambda t: parse_address(t).text, text) in (text, Reason.ADDRESS_FORM)
    if len(text) > ADDRESS_MAX_CHARS:
        assert reason_of(parse_address, text) is Reason.ADDRESS_FORM
