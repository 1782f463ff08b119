"""The bill of a release, CycloneDX 1.6 in JSON: all that is pinned, by its hashes, and every file that is of others.

    python3 sbom.py FOLDER [SECONDS]      FOLDER: a release as it is unpacked, or a checkout; SECONDS: its POSIX time

Standard library alone: it runs while a release is made. The same folder gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Requirement files -> what of them a gateway needs, in the words of CycloneDX.
PINNED = {
    "requirements.txt": "required",
    "requirements-flash.txt": "optional",
    "requirements-parquet.txt": "optional",
    "requirements-test.txt": "excluded",
    "requirements-bench.txt": "excluded",
    "requirements-site.txt": "excluded",
}

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_OURS = "linky-gateway"

Component = dict[str, Any]


class PartMissingError(Exception):
    """A file that the list of parts names is not there."""


def bill(folder: Path, seconds: int) -> dict[str, Any]:
    """The bill of that folder."""
    about = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = tomllib.loads((folder / "tools/lib/setup/parts.toml").read_text(encoding="utf-8"))
    components = [*pinned(folder, parts["licences"]), *vendored(folder, parts["vendored"])]
    said = json.dumps(components, sort_keys=True)
    name = f"{_OURS}@{about['version']}"
    main = {"type": "application", "bom-ref": name, "name": _OURS, "version": about["version"]}
    main |= {"licenses": [{"license": {"id": about["license"]["text"]}}]}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name} {seconds} {said}')}",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(seconds, UTC).isoformat(), "component": main},
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [component["bom-ref"] for component in components]}],
    }


def pinned(folder: Path, licences: dict[str, str]) -> list[Component]:
    """Each package that is pinned, once, as the first file that names it needs it; with the hashes of its files."""
    found: dict[str, Component] = {}
    for file, scope in PINNED.items():
        for name, version, hashes in pins((folder / file).read_text(encoding="utf-8")):
            purl = f"pkg:pypi/{name}@{version}"
            if purl in found:
                continue
            found[purl] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "scope": scope}
            found[purl] |= {"hashes": [_sha256(one) for one in hashes]}
            if name in licences:
                found[purl]["licenses"] = [_licence(licences[name])]
            found[purl]["purl"] = purl
    return list(found.values())


def pins(text: str) -> list[tuple[str, str, list[str]]]:
    """(name, version, SHA-256 of each file) of a requirement file."""
    joined = text.replace("\\\n", " ")
    return [(*match.groups(), _HASH.findall(line)) for line in joined.splitlines() if (match := _PIN.match(line))]


def vendored(folder: Path, parts: list[dict[str, Any]]) -> list[Component]:
    """Each part whose files are kept here, with the hash of each file; a release has no tests, nor what is theirs."""
    found = []
    for part in parts:
        test = all(file.startswith("tests/") for file in part["files"])
        if test and not (folder / "tests").is_dir():
            continue
        ref = f"vendored:{part['name']}@{part['version']}"
        component: Component = {"type": "library", "bom-ref": ref, "name": part["name"], "version": part["version"]}
        component |= {"scope": "excluded" if test else "required", "licenses": [_licence(part["licence"])]}
        component |= {"purl": part["purl"], "components": [_file(folder, ref, name) for name in part["files"]]}
        found.append(component)
    return found


def _file(folder: Path, ref: str, name: str) -> Component:
    try:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    except OSError as error:
        raise PartMissingError(f"{folder / name}: {error.strerror}; see tools/lib/setup/parts.toml") from error
    return {"type": "file", "bom-ref": f"{ref}#{name}", "name": name, "hashes": [_sha256(digest)]}


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _licence(spdx: str) -> dict[str, Any]:
    return {"expression": spdx} if " " in spdx else {"license": {"id": spdx}}


def main(arguments: list[str]) -> int:
    """Write the bill to standard output."""
    folder, seconds = Path(arguments[0]), int(arguments[1]) if arguments[1:] else 0
    try:
        found = bill(folder, seconds)
    except (OSError, PartMissingError) as error:
        sys.stderr.write(f"sbom.py: {error}\n")
        return 1
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
