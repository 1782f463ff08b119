"""``python -m website``: started by ``tools/site``. Lays pages out; Sphinx makes each language, warnings are errors.

What was in the folder before is replaced once the new site is whole: a failure leaves it as it was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from website import staging
from website.finish import curled, french, headed, not_found, unbroken
from website.options import ROOT, parser
from website.outline import LANGUAGES, read_outline

_OWNER: Final = ROOT / "gateway/upkeep/owner.toml"
_SPHINX: Final = Path(__file__).parent / "sphinx"


def main() -> int:
    """Make the site; 1 where a document is at fault, after its sentence."""
    out: Path = parser().parse_args().out.resolve()
    if out.exists() and any(out.iterdir()) and not (out / "searchindex.js").exists():
        sys.stderr.write(f"tools/site: {out} holds something else than a site: say another folder with --out\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="linky-site-") as name:
        folder = Path(name)
        try:
            staging.lay_out(read_outline(), ROOT, folder / "pages")
        except ValueError as fault:
            sys.stderr.write(f"tools/site: {fault}\n")
            return 1
        for language in LANGUAGES:
            if not _made(folder, language):
                return 1
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder / "fr", out)
        shutil.copytree(folder / "en", out / "en")
        home = tomllib.loads(_OWNER.read_text(encoding="utf-8"))["home"]
        (out / "404.html").write_text(unbroken(not_found(home)), encoding="utf-8")
    pages = sum(1 for _ in out.rglob("*.html"))
    sys.stdout.write(f"{out}: {pages} pages; open {out / 'index.html'}\n")
    return 0


def _made(folder: Path, language: str) -> bool:
    """Whether Sphinx made the pages of a language without a word of complaint."""
    options = ["-q", "-W", "--keep-going", "-n", "-b", "html", "-c", str(_SPHINX)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, folder / "pages" / language, folder / language],
        check=False, env={**os.environ, "SITE_LANGUAGE": language, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    for page in (folder / language).rglob("*.html"):
        text = curled(headed(page.read_text(encoding="utf-8")))
        page.write_text(french(text) if language == "fr" else text, encoding="utf-8")
    for needless in (".doctrees", ".buildinfo", "objects.inv", "_sources"):
        place = folder / language / needless
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
