"""Print every frame of a captured stream, under CPython and under MicroPython: show_frames.py TIC FILE CHUNK."""

import sys

room, capture, chunk = sys.argv[1], sys.argv[2], int(sys.argv[3])

# The files alone, as a board has it: the package around it is not MicroPython's business.
tic = {"__name__": "board"}
for name in ("frame", "parity"):
    with open(f"{room}/{name}.py") as source:  # noqa: PTH123 (MicroPython has no pathlib)
        exec(source.read(), tic)

with open(capture, "rb") as stream:  # noqa: PTH123
    data = stream.read()
if tic["looks_8n1"](data):
    data = tic["strip_parity"](data)

for cache in (0, 256):
    reader = tic["Reader"](cache=cache)
    frames = []
    for at in range(0, len(data), chunk):
        frames += reader.feed(data[at : at + chunk])
    for frame in frames + reader.close():
        print(frame.mode, frame.whole, frame.bad, frame.end)
        for group in frame.groups:
            print(group.label, repr(group.data), group.horodate)
    print([(kind, reader.bad_groups[kind]) for kind in sorted(reader.bad_groups)], reader.noise)
