# The program: each version in a folder of its own, /opt/linky-gateway/current is the one that runs. Sourced by
# tools/setup.
#
#   /opt/linky-gateway/versions/0.1.0/           a virtual environment that sees Debian's compiled libraries
#   /opt/linky-gateway/versions/0.1.0/source/    the release as it was: units, tools/setup, wheels
#   /opt/linky-gateway/versions/0.1.0/complete   written last; without it the folder is made anew
# shellcheck shell=bash disable=SC2034,SC2154

readonly VERSIONS=$HOME_OF_ALL/versions CURRENT=$HOME_OF_ALL/current
readonly PROGRAMS=(linky-gateway linky-display linky-bridge)
# shellcheck disable=SC2153 # machine.sh knows it
readonly OURS=$VERSIONS/$VERSION

# A release that was damaged on its way is not installed.
require_whole_release() {
  [[ -e $TREE/SHA256SUMS ]] || return 0
  (cd "$TREE" && sha256sum --check --quiet --strict SHA256SUMS >/dev/null 2>&1) || fail "$EXIT_REFUSED" release_damaged "$TREE"
}

# What the program and its installer are made of, as one number: a checkout may differ under one version.
fingerprint() {
  (
    cd "$TREE" || exit
    find gateway systemd tools/setup tools/lib/setup tools/lib/package pyproject.toml requirements.txt -type f ! -name '*.pyc' -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64
  )
}

program_is_done() {
  [[ $(cat "$ROOT$OURS/complete" 2>/dev/null) == "$(fingerprint)" ]]
}

program_do() {
  if ((DRY_RUN)); then
    say would_make "$OURS"
    return
  fi
  remember dir "$HOME_OF_ALL"
  rm -rf "$ROOT$OURS/complete"
  doing 1 3 part_source
  lay_source
  if [[ $ROOT && ! -x $ROOT/usr/bin/python3 ]]; then
    say skipped_bare "python3 -m venv $OURS"
    return
  fi
  # What another try left; the source stays.
  find "$ROOT$OURS" -mindepth 1 -maxdepth 1 ! -name source -exec rm -rf {} +
  local shared=()
  ! has_debian_libraries || shared=(--system-site-packages)
  doing 2 3 part_environment
  in_root /usr/bin/python3 -m venv "${shared[@]}" "$OURS"
  doing 3 3 part_libraries
  find_wheels
  install_wheels
  compile_templates
  lay_commands
  fingerprint >"$ROOT$OURS/complete"
  chmod -R go+rX "$ROOT$OURS"
}

lay_source() {
  local to=$ROOT$OURS/source
  [[ $TREE -ef $to ]] && return
  rm -rf "$to.new" && mkdir -p "$to.new"
  # Of a checkout not what its tools keep beside it: the history, caches, an environment.
  tar -C "$TREE" --exclude='./.?*' --exclude=./tests --exclude=__pycache__ --exclude=./build --exclude=./dist \
    --exclude='*.egg-info' -cf - . | tar -C "$to.new" --no-same-owner -xf -
  rm -rf "$to"
  mv "$to.new" "$to"
}

# A release has its wheels; a checkout takes those that another machine prepared, or makes them from the index.
find_wheels() {
  local to=$ROOT$OURS/source/wheels
  if [[ ! -e $to/requirements.txt && $OFFLINE && -e $OFFLINE/wheels/requirements.txt ]]; then
    cp -r "$OFFLINE/wheels" "$to"
  elif [[ ! -e $to/requirements.txt ]]; then
    [[ ! $OFFLINE ]] || fail "$EXIT_SYSTEM" no_wheels "$OFFLINE"
    in_root bash "$OURS/source/tools/lib/setup/wheelhouse.sh" "$OURS/bin/python" "$OURS/source/wheels"
  fi
}

install_wheels() {
  local pip=("$OURS/bin/python" -m pip --isolated --disable-pip-version-check --no-input install --no-deps --quiet)
  if ! has_debian_libraries; then
    if [[ $OFFLINE ]]; then
      compgen -G "$OFFLINE/wheels/slixmpp-*.whl" >/dev/null || lacks_wheels
      pip+=(--find-links "$OFFLINE/wheels")
      in_root "${pip[@]}" --no-index --only-binary :all: --require-hashes -r "$OURS/source/requirements.txt" || lacks_wheels
    else
      in_root "$OURS/bin/python" -m pip --disable-pip-version-check --no-input install --no-deps --quiet \
        --only-binary :all: --require-hashes -r "$OURS/source/requirements.txt"
    fi
    # The index has newer ones than the wheelhouse may have; ours alone is left to install.
  fi
  in_root "${pip[@]}" --no-index --find-links "$OURS/source/wheels" --require-hashes --force-reinstall \
    -r "$OURS/source/wheels/requirements.txt"
}

# The page's templates, by the engine that is there; without it they are compiled each time the page is first asked for.
compile_templates() {
  in_root "$OURS/bin/python" -P -m gateway.web.templates || log "the templates of the page are not compiled"
}

# What man and the shells are to know of the commands of this version; without it they work all the same.
lay_commands() {
  in_root env PYTHONPATH="$OURS/source/tools/lib" "$OURS/bin/python" -P -m package.commands "$OURS/share" "${PROGRAMS[@]}" ||
    log "no manual pages and completions"
}

lacks_wheels() {
  fail "$EXIT_SYSTEM" no_compiled_wheels "$OFFLINE/wheels" "$(system_name)"
}

program_undo() {
  rm -f "$ROOT"/usr/local/bin/linky-{gateway,display,bridge} "$ROOT/usr/local/sbin/linky-setup"
  rm -rf "$ROOT$HOME_OF_ALL"
}

# switch_to VERSION: from one instant to the next.
switch_to() {
  local name shared
  point "$CURRENT" "versions/$1"
  for name in "${PROGRAMS[@]}"; do
    point "/usr/local/bin/$name" "$CURRENT/bin/$name"
    for shared in "man/man1/$name.1" "bash-completion/completions/$name" "zsh/site-functions/_$name" \
      "fish/vendor_completions.d/$name.fish"; do
      [[ ! -e $ROOT$VERSIONS/$1/share/$shared ]] || point "/usr/local/share/$shared" "$CURRENT/share/$shared"
    done
  done
  point /usr/local/sbin/linky-setup "$CURRENT/source/tools/setup"
}

point() {
  [[ $(readlink "$ROOT$1") != "$2" ]] || return 0
  if ((DRY_RUN)); then
    say would_point "$1" "$2"
    return
  fi
  make_folder "$(dirname "$1")"
  ln -sfn "$2" "$ROOT$1.new"
  mv -fT "$ROOT$1.new" "$ROOT$1"
  remember file "$1"
}

current_version() {
  local target
  target=$(readlink "$ROOT$CURRENT") || return 0
  echo "${target##*/}"
}
