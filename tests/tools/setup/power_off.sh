# The power goes where a chosen function of tools/setup begins: BASH_ENV of test_cut_install.py.
#
#   CUT_BEFORE   the function; what it is called by stays undone
# shellcheck shell=bash
cut_before() {
  [[ ${FUNCNAME[1]:-} != "$CUT_BEFORE" ]] || ((BASH_SUBSHELL)) || kill -KILL "$$"
}

set -o functrace
trap cut_before DEBUG
