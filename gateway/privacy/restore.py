"""An archive becomes the database of a gateway that has none yet: first all of it is checked, then it is read.

What the archive's consents allowed is not allowed by being copied: see ``gateway.store.restore``. The journal goes on
where it stood, with a key of this machine, and says so itself.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

from gateway.errors import ArchiveError
from gateway.privacy.archive import ArchiveReader
from gateway.privacy.contents import TABLES, cells
from gateway.store.dump import ARCHIVED, Cell
from gateway.store.restore import check_empty, known_steps, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.privacy.manifest import ArchiveManifest

# Longer than the longest row: the text of a consent, or an entry of the journal with its texts.
_LONGEST_LINE = 1_000_000


def restore(path: Path, directory: Path, progress: Callable[[str, int], None]) -> ArchiveManifest:
    """Import the archive at ``path``; the caller holds the writer's lock of ``directory``.

    ArchiveError for an archive that is broken or too new, StoreError when there is a household's database already;
    nothing was changed then.
    """
    check_empty(directory)
    with closing(ArchiveReader(path)) as reader:
        manifest = reader.manifest()
        _check_schema(path, manifest)
        reader.check(manifest, progress)
        tables = {t: _rows(reader, t, progress) for t in ARCHIVED if f"{TABLES}/{t}.jsonl" in manifest.files}
        if not {"meter", "series", "reading", "journal", "consent"} <= tables.keys():
            raise ArchiveError(f"{path}: its tables are missing, it cannot be imported")
        with reader.translated():
            load(directory, manifest.schema, tables)
    return manifest


def _check_schema(path: Path, manifest: ArchiveManifest) -> None:
    known = known_steps()
    if len(manifest.schema) > len(known) and manifest.schema[: len(known)] == tuple(known):
        raise ArchiveError(f"{path}: was made by a newer gateway ({manifest.version[:40]}): update this one first")
    if not manifest.schema or manifest.schema != tuple(known[: len(manifest.schema)]):
        raise ArchiveError(f"{path}: its tables are of a schema that no gateway ever had")


def _rows(reader: ArchiveReader, table: str, progress: Callable[[str, int], None]) -> Iterator[list[Cell]]:
    name = f"{TABLES}/{table}.jsonl"
    progress(name, ARCHIVED.index(table))
    with reader.lines(name) as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            try:
                row = cells(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise ArchiveError(f"{name}, line {number}: is no row of a table") from error
            yield row
