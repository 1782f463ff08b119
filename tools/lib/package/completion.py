"""Completions of a program for bash, zsh and fish, from what its parser knows; no program is run to complete a word.

Each script first finds at which command the line is, then offers the commands below it, its options, the choices of the
option before; where anything may stand (a path, a date) the shell's own completion of files is left to it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from package.commands import ManualCommand, Option

_MADE = "# Completion of {program}, made of its parser by tools/lib/package/completion.py."


def _function(program: str) -> str:
    return "_" + program.replace("-", "_")


def _steps(known: Sequence[ManualCommand]) -> list[tuple[str, str]]:
    """Place and next word as one -> the place they lead to."""
    return [(f"{one.place} {name}", f"{one.place} {name}".strip()) for one in known for name in one.below]


def _valued(command: ManualCommand) -> Iterator[Option]:
    """Its options that have a value."""
    return (one for one in command.options if one.flags and one.value)


def _flags(command: ManualCommand) -> list[str]:
    return [flag for one in command.options for flag in one.flags]


def _arguments(command: ManualCommand) -> list[Option]:
    return [one for one in command.options if not one.flags]


# ---- bash ---------------------------------------------------------------------------------------------------------


def bash(program: str, known: Sequence[ManualCommand]) -> str:
    """For bash, with or without the package bash-completion."""
    name = _function(program)
    lines = [_MADE.format(program=program), f"{name}() {{"]
    lines += [
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} place='' words='' i",
        "  COMPREPLY=()",
    ]
    lines += ["  for ((i = 1; i < COMP_CWORD; i++)); do", '    case "$place ${COMP_WORDS[i]}" in']
    lines += [f"      {shlex.quote(step)}) place={shlex.quote(place)} ;;" for step, place in _steps(known)]
    lines += ["    esac", "  done", '  case "$place" in']
    for one in known:
        lines += [f"    {shlex.quote(one.place)})", "      case $prev in"]
        for option in _valued(one):
            offered = f"words={shlex.quote(' '.join(option.choices))}" if option.choices else "return"
            lines.append(f"        {' | '.join(option.flags)}) {offered} ;;")
        choices = [word for argument in _arguments(one) for word in argument.choices]
        words = " ".join([*one.below, *choices, *_flags(one)])
        lines += [f"        *) words={shlex.quote(words)} ;;", "      esac", "      ;;"]
    lines += ["  esac", "  # What begins like nothing that is known may be a file."]
    lines += ['  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")', "}"]
    return "\n".join([*lines, f"complete -o default -F {name} {program}", ""])


# ---- zsh ----------------------------------------------------------------------------------------------------------


def zsh(program: str, known: Sequence[ManualCommand]) -> str:
    """For zsh: with what each command and option is for."""
    name = _function(program)
    lines = [f"#compdef {program}", _MADE.format(program=program), f"{name}() {{", "  local place='' word"]
    lines += [
        "  local -a below flags",
        "  integer i",
        "  for ((i = 2; i < CURRENT; i++)); do",
        '    case "$place ${words[i]}" in',
    ]
    lines += [f"      {shlex.quote(step)}) place={shlex.quote(place)} ;;" for step, place in _steps(known)]
    lines += ["    esac", "  done", '  case "$place" in']
    texts = {one.place: one.text for one in known}
    for one in known:
        lines += [f"    {shlex.quote(one.place)})", "      case ${words[CURRENT - 1]} in"]
        for option in _valued(one):
            offered = f"compadd -- {' '.join(map(shlex.quote, option.choices))}" if option.choices else "_files"
            lines.append(f"        {' | '.join(option.flags)}) {offered}; return ;;")
        lines += ["      esac"]
        below = [(name, texts[f"{one.place} {name}".strip()]) for name in one.below]
        below += [(word, "") for argument in _arguments(one) for word in argument.choices]
        flags = [(flag, option.help) for option in one.options for flag in option.flags]
        lines += [f"      below=({_described(below)})", f"      flags=({_described(flags)})", "      ;;"]
    lines += [
        "  esac",
        "  if [[ ${words[CURRENT]} == -* ]]; then",
        "    _describe -o option flags",
        "  elif (($#below)); then",
    ]
    lines += ["    _describe command below", "  else", "    _files", "  fi", "}"]
    # Found in a folder of fpath the file is the function; read by hand it makes it known.
    lines.append(f'if [[ "$funcstack[1]" == _{program} ]]; then {name} "$@"; else compdef {name} {program}; fi')
    return "\n".join([*lines, ""])


def _described(pairs: Sequence[tuple[str, str]]) -> str:
    return " ".join(shlex.quote(f"{word}:{text}" if text else word) for word, text in pairs)


# ---- fish ---------------------------------------------------------------------------------------------------------


def fish(program: str, known: Sequence[ManualCommand]) -> str:
    """For fish: with what each command and option is for."""
    at = f"_{_function(program)}_at"
    lines = [_MADE.format(program=program), f"function {at}", "  set -l place ''"]
    lines += ["  for word in (commandline -opc)[2..-1]", '    switch "$place $word"']
    for step, place in _steps(known):
        lines += [f"      case {_fish(step)}", f"        set place {_fish(place)}"]
    lines += ["    end", "  end", '  test "$place" = "$argv[1]"', "end"]
    texts = {one.place: one.text for one in known}
    for one in known:
        where = f"complete -c {program} -n {_fish(f'{at} {_fish(one.place)}')}"
        files = any(not argument.choices for argument in _arguments(one))
        lines.append(f"{where} {'-F' if files else '-f'}")
        for name in one.below:
            lines.append(f"{where} -a {name} -d {_fish(texts[f'{one.place} {name}'.strip()])}")
        lines += [f"{where} -a {_fish(' '.join(argument.choices))}" for argument in _arguments(one) if argument.choices]
        for option in one.options:
            if not option.flags:
                continue
            flags = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
            value = f"-x -a {_fish(' '.join(option.choices))}" if option.choices else "-r -F" if option.value else ""
            lines.append(" ".join(filter(None, [where, *flags, value, f"-d {_fish(option.help)}"])))
    return "\n".join([*lines, ""])


def _fish(text: str) -> str:
    """In fish's single quotes, in which a backslash and a quote have one before them."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
