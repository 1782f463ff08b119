"""``tools/words``: brings the files of every language in step with the source; ``--check`` says what is not."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from words import files
from words.extract import NoSentenceError, of_shell, sentences

ROOT = Path(__file__).resolve().parents[3]


def wanted(root: Path, lang: str) -> tuple[dict[Path, bytes], list[str]]:
    """What the files of a language should hold, and the sentences that wait for a translation."""
    folder = root / files.FOLDER / lang
    catalogue = files.in_step(files.read(folder / files.PO, lang), sentences(root))
    made = {folder / files.PO: files.as_po(catalogue), folder / files.MO: files.as_mo(catalogue)}
    if setup := list(of_shell(root)):
        made[root / f"tools/lib/setup/words.{lang}.sh"] = files.as_shell(catalogue, setup)
    return made, list(files.missing(catalogue))


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when all is in step and translated."""
    parser = argparse.ArgumentParser(prog="tools/words", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing: say what is not in step or translated")
    parser.add_argument("--add", metavar="LANGUAGE", help="begin another language, such as de")
    options = parser.parse_args(arguments)
    code = 0
    try:
        for lang in sorted({*files.languages(ROOT), *([options.add] if options.add else [])}):
            made, untranslated = wanted(ROOT, lang)
            for text in untranslated:
                print(f"{lang}: no translation: {text!r}")
            for path, content in made.items():
                if not path.exists() or path.read_bytes() != content:
                    print(f"{path.relative_to(ROOT)}: {'not in step: run tools/words' if options.check else 'written'}")
                    code = code or int(options.check)
                    if not options.check:
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(content)
            code = code or int(bool(untranslated))
    except NoSentenceError as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
