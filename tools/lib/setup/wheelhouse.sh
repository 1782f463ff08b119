#!/usr/bin/env bash
# A folder of pure-Python wheels with their hashes: what Debian does not have, and our own. For releases, and for an
# installation from a checkout.
#
#   wheelhouse.sh PYTHON FOLDER [WHEELS]     PYTHON has pip, /usr/bin/python3 has setuptools (python3-setuptools); with
#                                            WHEELS, what Debian has not is taken from there, by its hashes
set -Eeuo pipefail

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
readonly TREE

# With the distribution's setuptools and no other: what builds is signed like the rest of the system.
build_ours() {
  local copy said
  copy=$(mktemp -d)
  cp -r "$TREE/gateway" "$TREE/pyproject.toml" "$TREE/README.md" "$TREE/LICENSE" "$copy"
  find "$copy" -name __pycache__ -prune -exec rm -rf {} +
  # setuptools says much that concerns nobody here: it is shown when it fails.
  if ! said=$(
    cd "$copy" && SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800} /usr/bin/python3 -c \
      'import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])' "$1" 2>&1
  ); then
    printf '%s\n' "$said" >&2
    return 1
  fi
  rm -rf "$copy"
}

fetch_pure() {
  local list
  list=$(mktemp)
  (
    # shellcheck source=../../bootstrap.sh disable=SC1091
    source "$TREE/tools/bootstrap.sh"
    _requirements_of "${PURE_PACKAGES[@]}"
  ) >"$list"
  "$1" -m pip --disable-pip-version-check --no-input --quiet download --no-deps --only-binary :all: --require-hashes \
    ${3:+--no-index --find-links "$3"} --dest "$2" --requirement "$list"
  rm -f "$list"
}

# "name==version --hash=sha256:…" for each wheel that is there.
list_wheels() {
  local file name version rest
  for file in "$1"/*.whl; do
    IFS=- read -r name version rest <<<"${file##*/}"
    [[ $rest == *-none-any.whl ]] || { echo "${file##*/} is not pure Python" >&2 && return 1; }
    printf '%s==%s --hash=sha256:%s\n' "${name//_/-}" "$version" "$(sha256sum "$file" | cut -c 1-64)"
  done
}

main() {
  local folder=$2
  rm -rf "$folder.new"
  mkdir -p "$folder.new"
  build_ours "$(realpath "$folder.new")"
  fetch_pure "$1" "$folder.new" "${3:-}"
  list_wheels "$folder.new" >"$folder.new/requirements.txt"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
}

main "$@"
