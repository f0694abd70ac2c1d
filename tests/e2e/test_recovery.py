"""docs/recovery.md, line by line, with real nodes: lost key, stolen server, backup, clone."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "recovery.md"

HELPERS = r"""
set -euo pipefail
confed() { "$PYTHON" -m confednode "$@"; }
field() {
  "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[2]))[sys.argv[1]])' "$@"
}
start() { confed serve --home "$1" > "$1.out" 2> "$1.err" & echo $! >> pids; until_up "$1"; }
up() { confed status --home "$1" -q > /dev/null 2>&1; }
until_up() { for _ in $(seq 150); do up "$1" && return; sleep 0.2; done; cat "$1.err"; exit 9; }
wait_stopped() { for _ in $(seq 100); do up "$1" || return 0; sleep 0.1; done; exit 9; }
until_signing() {
  for _ in $(seq 300); do
    confed status --home "$1" --json > state.json
    if [ "$(field signing state.json)" = "$2" ]; then return; fi
    sleep 0.4
  done
  cat state.json; exit 9
}
until_life() {
  for _ in $(seq 300); do
    confed status --home "$1" --json > state.json
    if [ "$(field life state.json)" = "$2" ]; then return; fi
    sleep 0.3
  done
  cat state.json; exit 9
}
peer() {
  confed status --home "$1" --json > peer.json
  echo "$(field council peer.json),$(field transport peer.json),$(field listen peer.json)"
}
trap 'kill $(cat pids) 2> /dev/null || true' EXIT
"""

SETUP = r"""
confed init --home north --name North --listen 127.0.0.1:0 --keyholders 2/3 --yes --no-passphrase -q
for name in south east; do
  confed init --home $name --name $name --listen 127.0.0.1:0 --yes --no-passphrase -q
done
for name in north south east; do start $name; done
confed link "$(confed invite --home north -q)" --home south
confed link "$(confed invite --home north -q)" --home east
confed link "$(confed invite --home south -q)" --home east
mv north/keys safe && mkdir north/keys
NORTH=$(confed status --home north --json > n.json; field council n.json)
SOUTH_PEER=$(peer south) EAST_PEER=$(peer east)
sleep 1
"""

BETWEEN = {
    "A keyholder loses a key": "rm safe/keyholder-1.key\n",
    "The server is stolen": "until_life north active\n",
    "An old backup is restored": r"""
test "$(field council state.json)" = "$NORTH"
kill "$(sed -n 1p pids)" || true   # the thief has had enough
mkdir -p backup
confed stop --home north2; wait_stopped north2
cp north2/node.db backup/node.db; start north2
until_signing north2 open
cp safe/*.key north2/keys/
confed invite --home north2 -q > /dev/null
size=$(confed status --home north2 --json > s.json; field size s.json)
sleep 2
""",
    "The machine was cloned": r"""
test "$(confed status --home north2 --json > s.json; field size s.json)" = "$size"
confed stop --home north2; wait_stopped north2
cp -r north2 copy
start north2
CONFED_LISTEN=127.0.0.2:0 start copy
until_signing copy open
confed invite --home north2 -q > /dev/null
confed invite --home copy -q > /dev/null || true
confed invite --home copy -q > /dev/null || true
""",
}


def script() -> str:
    """The guide's blocks in order, with what the accidents do between them."""
    parts = [HELPERS, SETUP]
    for chapter in re.split(r"^## ", GUIDE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title = chapter.splitlines()[0]
        parts += [f"echo '== {title}'\n", BETWEEN.get(title, "")]
        parts += re.findall(r"^```sh\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)
    return "\n".join([*parts, "echo '== all recovered'\n"])


def test_every_accident_is_recovered_by_the_written_steps(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHON": sys.executable,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'protocol'}",
    }
    (tmp_path / "pids").touch()
    done = subprocess.run(
        ["bash", "-c", script()],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    told = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, told
    assert "== all recovered" in done.stdout, told
