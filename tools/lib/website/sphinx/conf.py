"""How Sphinx makes a language of the site; ``website.__main__`` says which one."""

import os
import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[4]
_OWNER = tomllib.loads((_ROOT / "gateway/upkeep/owner.toml").read_text(encoding="utf-8"))

project = "linky-gateway"
language = os.environ["SITE_LANGUAGE"]
extensions = ["myst_parser"]
myst_heading_anchors = 6
templates_path = ["_templates"]
exclude_patterns = ["_pictures"]
# Names of languages that only we know, and headings that skip a rank: both are fine in a README.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

# It makes what is to be typed untypable; the apostrophes are finish.py's.
smartquotes = False

html_theme = "furo"
html_title = "linky-gateway"
html_favicon = str(_ROOT / "gateway/web/static/icon.svg")
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_baseurl = f"{_OWNER['home']}/{'' if language == 'fr' else 'en/'}" if _OWNER["home"] else ""
html_show_copyright = html_show_sphinx = html_show_sourcelink = html_copy_source = html_use_index = False
html_domain_indices = False
html_theme_options = {"footer_icons": []}
