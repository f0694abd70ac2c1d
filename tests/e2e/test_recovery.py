"""docs/recovery.md, line by line, with real nodes: lost key, stolen server, backups, clone."""

import os
import re
import sys
from pathlib import Path

from tests.support.sessions import played

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "recovery.md"
TIME_S = 400

HELPERS = r"""
confed() { "$PYTHON" -m confednode "$@"; }
field() {
  "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[2]))[sys.argv[1]])' "$@"
}
start() {
  "$PYTHON" -m confednode serve --home "$1" > "$1.out" 2> "$1.err" &
  until_up "$1"
}
up() { confed status --home "$1" -q > /dev/null 2>&1; }
until_up() { for _ in $(seq 600); do up "$1" && return; sleep 0.1; done; cat "$1.err"; exit 9; }
wait_stopped() { for _ in $(seq 600); do up "$1" || return 0; sleep 0.1; done; exit 9; }
until_field() {  # FIELD HOME VALUE
  for _ in $(seq 600); do
    confed status --home "$2" --json > state.json
    if [ "$(field "$1" state.json)" = "$3" ]; then return; fi
    sleep 0.1
  done
  cat state.json; exit 9
}
until_signing() { until_field signing "$@"; }
until_life() { until_field life "$@"; }
until_held() {  # HOME COUNCIL SIZE: a log of the council is held so far
  "$PYTHON" - "$@" << 'END'
import sys, time
from pathlib import Path
from confednode import control
for _ in range(600):
    logs = control.ask(Path(sys.argv[1]) / "control.sock", "logs")["logs"]
    if any(log["council"] == sys.argv[2] and log["size"] == int(sys.argv[3]) for log in logs):
        break
    time.sleep(0.1)
else:
    sys.exit(f"{sys.argv[1:]} against {logs}")
END
}
online() {  # HOME true|false
  "$PYTHON" - "$@" << 'END'
import sys
from pathlib import Path
from confednode import control
control.ask(Path(sys.argv[1]) / "control.sock", "network", online=sys.argv[2] == "true")
END
}
peer() {
  confed status --home "$1" --json > peer.json
  echo "$(field council peer.json),$(field transport peer.json),$(field listen peer.json)"
}
"""

SETUP = r"""
confed init --home north --name North --listen 127.0.0.1:0 --keyholders 2/3 --yes --no-passphrase -q
for name in south east; do
  confed init --home $name --name $name --listen 127.0.0.1:0 --yes --no-passphrase -q
done
mkdir backup && cp east/node.db backup/east.db
for name in north south east; do start $name; done
confed link "$(confed invite --home north -q)" --home south
confed link "$(confed invite --home north -q)" --home east
confed link "$(confed invite --home south -q)" --home east
mv north/keys safe && mkdir north/keys
NORTH=$(confed status --home north --json > n.json; field council n.json)
EAST=$(confed status --home east --json > e.json; field council e.json)
SOUTH_PEER=$(peer south) EAST_PEER=$(peer east)
for name in north south east; do until_field logs $name 3; done
"""

BETWEEN = {
    "A keyholder loses a key": "rm safe/keyholder-1.key\n",
    "The server is stolen": "until_life north active\n",
    "An old backup is restored": r"""
test "$(field council state.json)" = "$NORTH"
kill %1  # the thief has had enough
confed stop --home north2; wait_stopped north2
cp north2/node.db backup/node.db; start north2
until_signing north2 open
cp safe/*.key north2/keys/
confed invite --home north2 -q > /dev/null
size=$(confed status --home north2 --json > s.json; field size s.json)
for name in south east; do until_held $name "$NORTH" "$size"; done
""",
    "A backup from before the first link is restored": r"""
test "$(confed status --home north2 --json > s.json; field size s.json)" = "$size"
NORTH_PEER=$(peer north2)
sed -i "s/127.0.0.1:0/${EAST_PEER##*,}/" east/config.toml  # a server has one port for ever
""",
    "The machine was cloned": r"""
confed stop --home north2; wait_stopped north2
cp -r north2 copy
start north2
CONFED_LISTEN=127.0.0.2:0 start copy
until_signing copy open
online copy false  # neither hears of the other before both have signed
confed invite --home north2 -q > /dev/null
confed invite --home copy -q > /dev/null
confed invite --home copy -q > /dev/null
online copy true
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
    out, _ = played(script(), cwd=tmp_path, environment=environment, within_s=TIME_S)
    assert "== all recovered" in out
