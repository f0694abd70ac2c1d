"""Several nodes in one process: `python -m confednode.demo.host HOME...`.

Each node is what `confed serve` runs, with its own keys, database, port and control socket;
they share nothing but the event loop. Prints a line of JSON for each that is ready, and
stops when its standard input ends, so that it never outlives the demo.
"""

import json
import os
import sys
from pathlib import Path

import trio

from confednode import app, config
from confednode.config import Home


async def run(homes: list[Path]) -> None:
    """Serve all homes until standard input ends."""
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_end_of_input, stop)
        for path in homes:
            home = Home(path=path)
            running = await nursery.start(_serve, home, stop)
            ready = {"ready": True, "home": str(path), "listen": running.listen}
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()


async def _serve(
    home: Home,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[app.Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    await app.serve(home, config.load(home, {}), stop=stop, task_status=task_status)


async def _until_end_of_input(stop: trio.Event) -> None:
    async with trio.lowlevel.FdStream(os.dup(0)) as stream:
        while await stream.receive_some(4_096):
            pass
    stop.set()


def main() -> None:
    """The process."""
    homes = [Path(argument) for argument in sys.argv[1:]]

    async def serve_all() -> None:
        await run(homes)

    app.run_flat(serve_all)


if __name__ == "__main__":
    main()
