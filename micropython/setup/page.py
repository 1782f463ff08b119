"""The HTML of the set-up page, as it fits a phone's captive browser: no script that is needed, no file besides."""

_HEAD = """<!DOCTYPE html>
<html lang="%s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">%s
<title>%s</title><style>
:root{color-scheme:light dark;--a:#0b57a4;--b:#fff;--f:#1b1f24;--m:#59636e;--l:#c6ccd3;--e:#a4201c;--s:#f4f6f8}
@media(prefers-color-scheme:dark){:root{--a:#7db8f5;--b:#14181d;--f:#e8ebef;--m:#a3adb8;--l:#454e58;--e:#ff9a94;--s:#1d232a}}
*{box-sizing:border-box}body{margin:0 auto;padding:16px;max-width:480px;font:17px/1.45 system-ui,sans-serif;
background:var(--b);color:var(--f)}h1{font-size:23px;line-height:1.25;margin:4px 0 8px}p{margin:0 0 16px}
.m{color:var(--m);font-size:15px}.e{border-left:4px solid var(--e);background:var(--s);padding:10px 12px;color:var(--e)}
fieldset,label{display:block;border:0;padding:0;margin:0 0 18px}legend,label>b{display:block;font-weight:600;padding:0;margin:0 0 6px}
.n{display:flex;align-items:center;gap:12px;min-height:46px;padding:4px 12px;margin:0;border:1px solid var(--l);border-bottom:0}
.n:first-of-type{border-radius:8px 8px 0 0}.n:last-of-type{border-bottom:1px solid var(--l);border-radius:0 0 8px 8px}
.n i{margin-left:auto;font-style:normal;color:var(--m);font-size:14px}.n span{overflow-wrap:anywhere}
input:not([type=radio]){width:100%%;min-height:46px;padding:8px 12px;font:inherit;color:inherit;background:var(--b);
border:1px solid var(--l);border-radius:8px}input[type=radio]{width:20px;height:20px;flex:none;accent-color:var(--a)}
button,.b{display:block;width:100%%;min-height:50px;padding:12px;font:600 17px/1.4 system-ui,sans-serif;border:0;border-radius:8px;
background:var(--a);color:var(--b);text-align:center;text-decoration:none;margin:0 0 12px}.o{background:none;color:var(--a);
border:1px solid var(--a)}a{color:var(--a)}.l{float:right;font-size:15px;padding:6px 0 6px 12px}:focus-visible{outline:3px solid var(--a);
outline-offset:2px}</style></head><body>"""

# A phone's keyboard must change nothing; a password that is seen is typed right, and this page is nobody else's.
_AS_TYPED = 'autocapitalize="none" autocorrect="off" autocomplete="off" spellcheck="false"'
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))


def escape(text):
    """Text as it may stand in HTML, between quotes too."""
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text


def french(html):
    """With the blanks that French keeps at the end of no line."""
    for loose, tied in ((" »", "&nbsp;»"), ("« ", "«&nbsp;"), (" ;", "&nbsp;;"), (" :", "&nbsp;:")):
        html = html.replace(loose, tied)
    return html


def form(language, texts, networks, values, error=None):
    """The form; networks are (name, dBm), the strongest first; values are what was typed before, without the code."""
    other = "en" if language == "fr" else "fr"
    parts = [
        _HEAD % (language, "", texts["title"]),
        '<a class="l" lang="%s" href="/?lang=%s">%s</a>' % (other, other, texts["other_language"]),
        "<h1>%s</h1><p>%s</p>" % (texts["title"], texts["intro"]),
        '<p class="e" role="alert">%s</p>' % escape(error) if error else "",
        '<form method="post" action="/save?lang=%s"><fieldset><legend>%s</legend>' % (language, texts["wifi"]),
    ]
    chosen = values.get("wifi") or (networks[0][0] if networks else "")
    known = [name for name, _signal in networks]
    for name, signal in networks:
        parts.append(_choice(name, escape(name), name == chosen, _bars(signal)))
    is_other = chosen not in known
    parts.append(_choice("", texts["other"], is_other, ""))
    parts += [
        '<input name="other" maxlength="32" %s aria-label="%s" value="%s" style="margin-top:8px">'
        % (_AS_TYPED, texts["other"], escape(chosen) if is_other else ""),
        "</fieldset>",
        _field("password", texts["password"], _AS_TYPED + ' maxlength="63"', ""),
        _field("host", texts["host"], _AS_TYPED + ' maxlength="64" inputmode="url"', values.get("host", "")),
        '<p class="m" style="margin-top:-12px">%s</p>' % texts["host_hint"],
        _field("code", texts["code"], _AS_TYPED + ' maxlength="12" inputmode="numeric" required', ""),
        "<button>%s</button></form></body></html>" % texts["save"],
    ]
    return "".join(parts)


def trying(language, texts, name):
    """What is shown while the board tries; it asks for the result by itself."""
    refresh = '<meta http-equiv="refresh" content="3;url=/result?lang=%s">' % language
    return _HEAD % (language, refresh, texts["title"]) + "<h1>%s</h1><p>%s</p></body></html>" % (
        escape(texts["trying"] % name),
        texts["trying_hint"],
    )


def doubtful(language, texts, host, hint):
    """The Wi-Fi works, the Pi does not answer: correct it, or keep it all the same."""
    return _HEAD % (language, "", texts["title"]) + (
        '<h1>%s</h1><p>%s</p><a class="b" href="/?lang=%s">%s</a>'
        '<form method="post" action="/keep?lang=%s"><button class="o">%s</button></form></body></html>'
    ) % (escape(texts["broker_failed"] % host), hint, language, texts["again"], language, texts["keep"])


def done(language, texts, name):
    """The end."""
    return _HEAD % (language, "", texts["title"]) + "<h1>%s</h1><p>%s</p></body></html>" % (
        texts["done"],
        escape(texts["done_hint"] % name),
    )


def _choice(value, label, checked, note):
    return '<label class="n"><input type="radio" name="wifi" value="%s"%s><span>%s</span><i>%s</i></label>' % (
        escape(value),
        " checked" if checked else "",
        label,
        note,
    )


def _field(name, label, attributes, value):
    return '<label><b>%s</b><input name="%s" %s value="%s"></label>' % (label, name, attributes, escape(value))


def _bars(dbm):
    """How strong a network is, as a person reads it."""
    return "●●●●"[: max(1, min(4, (dbm + 95) // 10))] + "○○○○"[max(1, min(4, (dbm + 95) // 10)) :]
