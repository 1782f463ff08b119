"""``tools/screens``: every page of six houses as pictures, and a page to look through them; or the tests' anew."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, select_autoescape
from PIL import Image

from gateway.process.progress import bar
from harness import ROOT
from harness.browser import PROGRAM
from tests.tools.screens import album, chosen
from tests.tools.screens.album import Album, shots
from tests.tools.screens.houses import HOUSES
from tests.tools.screens.likeness import kept, others

_CHOICES = {
    "house": tuple(HOUSES), "page": (*album.PAGES, "setup"), "size": tuple(album.SIZES), "light": album.LIGHTS,
    "language": album.LANGUAGES,
}  # fmt: skip


def parse(arguments):
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="tools/screens", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".cache" / "screens")
    parser.add_argument("--references", action="store_true")
    for name, known in _CHOICES.items():
        parser.add_argument(f"--{name}", action="append", choices=known)
    return parser.parse_args(arguments)


def photograph(folder, wanted):
    """Each of these as a file there, and the page that shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with TemporaryDirectory() as home, Album(Path(home), tuple(dict.fromkeys(one.house for one in wanted))) as running:
        for place, shot in enumerate(wanted, 1):
            running.take(shot, folder / shot.name)
            bar(place, len(wanted))
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape())
    page = templates.get_template("index.html").render(shots=wanted, choices=_CHOICES)
    (folder / "index.html").write_text(page)
    print(f"{len(wanted)} pictures in {time.monotonic() - begun:.0f} s: {folder / 'index.html'}")


def renew(wanted, pictures=chosen.PICTURES):
    """Make the pictures of the tests anew, those that are others now; drop what is not compared any more.

    Some alone only where what draws the letters is what drew those of the others.
    """
    pictures.mkdir(exist_ok=True)
    letters = pictures / chosen.LETTERS.name
    every = {*wanted} == {*chosen.chosen()}
    names = {shot.name for shot in chosen.chosen()}
    gone = [file for file in pictures.glob("*.png") if file.name not in names]
    for file in gone:
        file.unlink()
    written = 0
    houses = tuple(dict.fromkeys(one.house for one in wanted))
    with TemporaryDirectory() as home, Album(Path(home), houses) as running:
        if not every and letters.read_text().strip() != running.letters:
            raise SystemExit(
                f"screens: {running.letters} draws other letters than those of the pictures: take all anew"
            )
        for shot in wanted:
            file, seen = pictures / shot.name, Path(home) / "seen.png"
            running.take(shot, seen)
            picture = kept(Image.open(seen), shot.size)
            if file.exists() and not others(picture, Image.open(file)):
                continue
            picture.save(file, optimize=True)
            written += 1
            print(shot.name)
        if every:
            letters.write_text(f"{running.letters}\n")
    size = sum(file.stat().st_size for file in pictures.glob("*.png"))
    print(f"{written} of {len(wanted)} written, {len(gone)} gone; {len(names)} are {size / 1e6:.1f} MB")


def main(arguments):
    """Photograph what is asked for."""
    asked = parse(arguments)
    if PROGRAM is None:
        raise SystemExit("screens: chromium is not installed")
    narrow = {name: tuple(getattr(asked, name) or known) for name, known in _CHOICES.items()}
    if asked.references:
        renew([one for one in chosen.chosen() if all(getattr(one, name) in words for name, words in narrow.items())])
        return
    sizes = tuple(asked.size or album.WHOLE)
    photograph(asked.folder, shots(narrow["house"], narrow["page"], sizes, narrow["light"], narrow["language"]))


if __name__ == "__main__":
    main(sys.argv[1:])
