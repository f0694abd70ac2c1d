"""The pages in headless Chromium, from a file on disk, with a script that asks them something."""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.js import make_page
from tools.js.browser import FLAGS, find_chromium

PROBE = """
const done = (value) => { document.title = "done"; document.body.textContent = "";
  const out = document.createElement("pre"); out.id = "probe";
  out.textContent = JSON.stringify(value); document.body.append(out); };
const until = (holds) => new Promise((resolve) => {
  const look = () => { BUSY; return holds() ? resolve() : setTimeout(look, 20); }; look(); });
""".replace("BUSY", "for (let i = 0, x = 0; i < 2e6; i += 1) x += Math.sqrt(i)")
# Time in the page is virtual and goes by whenever it is idle; what its storage does, in another
# process, takes real time. So who waits works meanwhile.


def run(
    script: str,
    name: str = "verify.html",
    *,
    folder: Path | None = None,
    fragment: str = "",
    flags: Sequence[str] = ("--virtual-time-budget=300000",),
) -> Any:
    """What `done(value)` was called with, on the page as saved to disk and with `script` in it.

    With `folder` the page and the browser's profile lie there, so that what it keeps stays.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="confed-page-", ignore_cleanup_errors=True) as one:
            return run(script, name, folder=Path(one), fragment=fragment, flags=flags)
    program = find_chromium()
    assert program is not None
    plain = make_page.inlined(make_page.PAGES[name][0])
    whole = plain + PROBE + script
    text = make_page.page(name).replace(plain, whole)
    text = text.replace(make_page.script_hash(plain), make_page.script_hash(whole))
    path = folder / name
    path.write_text(text, "utf-8")
    done = subprocess.run(
        [
            program,
            *FLAGS,
            f"--user-data-dir={folder}/profile",
            *flags,
            "--dump-dom",
            path.as_uri() + fragment,
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-2_000:] + done.stderr[-2_000:]
    told = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(told)
