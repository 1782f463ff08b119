# Keeps the system as it is after each command that may have changed it, of chosen functions of tools/setup: what a power
# cut there would leave. BASH_ENV of test_cut.py.
#
#   CUT_OF     the command of tools/setup that is watched: upgrade or undo
#   CUT_IN     the functions, between spaces
#   CUT_ROOT   its --root; CUT_TO: a folder for the copies, which are named by the time
# shellcheck shell=bash
cut_changes=' mkdir ln cp mv rm : printf free_name running_units other_setup put_dir '
cut_last=''

cut_here() {
  cp -a "$CUT_ROOT" "$CUT_TO/${EPOCHREALTIME/[.,]/}"
}

cut_in_function() {
  ((BASH_SUBSHELL == 0)) || return 0
  case $CUT_IN in *" ${FUNCNAME[1]:-none} "*) ;; *) return 0 ;; esac
  case $cut_changes in *" $cut_last "*) cut_here ;; esac
  cut_last=${BASH_COMMAND%% *}
}

if [[ ${1:-} == "$CUT_OF" ]]; then
  set -o functrace
  trap cut_in_function DEBUG
fi
