"""The words of the pages: a mandate as Python says it, and a trial that a sound platform passes."""

import json

import msgspec

from confedproto import codec, text
from confedproto.bodies.mandate import Ceiling, Condition, Holdover, Instruction, Mandate, Share
from confedproto.bundle.terms import mandate_terms
from tests.support.js import module
from tests.support.worlds import passed_on

MOTIONS = [bytes([number]) * 32 for number in (1, 2)]
BARE = Mandate(delegate=bytes([9]) * 32, starts=5, until=90_000, kinds=("vote",))
WHOLE = Mandate(
    delegate=bytes([9]) * 32,
    starts=1_800_000_000,
    until=1_900_000_000,
    kinds=("spending-order", "vote"),
    instructions=tuple(Instruction(motion=one, value="yes") for one in MOTIONS),
    conditions=(
        Condition(motion=MOTIONS[0], test="in", about=bytes([3]) * 32),
        Condition(motion=MOTIONS[1], test="adopted", about=bytes([4]) * 32),
    ),
    substitutes=(bytes([8]) * 32,),
    partners=(bytes([7]) * 32,),
    parity="all",
    forum="The valley's congress",
    level="regional",
    otherwise="ratify",
    subjects=(bytes([6]) * 32,),
    ceiling=Ceiling(currency="eur", act=5, total=9),
    reports=(1_800_000_100, 1_800_000_200),
    holdover=Holdover(seconds=86_400, kinds=("statement",)),
    attendance="required",
    petition=Share(part=1, whole=5),
    pay="Fares, and a day's wage.",
    above=bytes([5]) * 32,
)


def encoded(mandate: Mandate) -> bytes:
    return codec.encode(msgspec.to_builtins(mandate, builtin_types=(bytes,)))


def test_mandate_is_said_in_the_words_of_python() -> None:
    for mandate in (BARE, WHOLE):
        source = f"""
            import {{ fromHex }} from "./confed/bytes.js";
            import {{ decode }} from "./confed/codec.js";
            import {{ mandateTerms }} from "./confed/terms.js";
            const body = decode(fromHex("{encoded(mandate).hex()}"));
            console.log(JSON.stringify(mandateTerms(body)));
        """
        told = [tuple(row) for row in json.loads(module(source))]
        assert told == [(name.lower(), words) for name, words in mandate_terms(mandate)]


def test_names_of_strangers_reach_no_page_raw() -> None:
    source = """
        import { quoted } from "./confed/words.js";
        console.log(JSON.stringify(quoted("A\\u202e\\u2069\\u0007\\n<b>")));
    """
    assert json.loads(module(source)) == '"\u2068AU+202EU+2069U+0007U+000A<b>\u2069"'


def test_trial_of_a_sound_platform_passes_and_of_another_does_not() -> None:
    source = """
        import { tryOut } from "./confed/trial.js";
        const before = await tryOut().then(() => "fit", ({ code }) => code);
        SubtleCrypto.prototype.verify = async () => true;
        const { tryOut: again } = await import("./confed/trial.js");
        console.log(before, await again().then(() => "fit", ({ code }) => code));
    """
    assert module(source).split() == ["fit", "wrong-answer"]


def test_page_shows_the_mandate_above_a_link_and_its_state() -> None:
    made = passed_on()
    source = f"""
        import {{ fromHex }} from "./confed/bytes.js";
        import {{ verify }} from "./confed/judge.js";
        import {{ words }} from "./confed/words.js";
        const at = {made.world.now};
        const report = await verify([fromHex("{made.file.hex()}")], [], at);
        console.log(JSON.stringify(words(report, at)[1]));
    """
    rows = [tuple(row) for row in json.loads(module(source))]
    above = made.world.view.records[made.above].record.body
    assert isinstance(above, Mandate)
    start = rows.index(
        ("passed on from", '"\u2068Council number 0\u2069", whose mandate is in-force')
    )
    assert rows[start + 1][1] == text.fingerprint(made.world.nodes[0].council)
    assert rows[start + 3] == ("id of the mandate above", text.encode_record(made.above))
    terms = [(name.lower(), said) for name, said in mandate_terms(above)]
    assert rows[start + 4 : start + 4 + len(terms)] == terms
