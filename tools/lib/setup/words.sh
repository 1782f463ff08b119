# Every sentence of tools/setup, in English; %s are what the sentence is about. Sourced by tools/setup. Other languages are
# words.LANGUAGE.sh beside this file, which tools/words makes of the catalogue (gateway/words): a third word tells apart
# what English says alike.
# shellcheck shell=bash disable=SC2034

declare -gA EN=()
for _words in "${BASH_SOURCE[0]%/*}"/words.*.sh; do
  # shellcheck source=/dev/null
  source "$_words"
done
unset _words

# The rule of gateway/words/language.py: --lang; else the first of LC_ALL, LC_MESSAGES and LANG that is set and not empty, French
# where it names French, English where it names another language; where it names none, the household's own; else French.
LANGUAGE=fr LANGUAGE_IS_NAMED=''

# choose_language fr|en
choose_language() {
  LANGUAGE=$1 LANGUAGE_IS_NAMED=yes
}

language_of_environment() {
  case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
    '' | C | C[.@]* | POSIX | POSIX[.@]*) ;;
    fr | fr[_.@]* | french*) choose_language fr ;;
    *) choose_language en ;;
  esac
}

# language_of_household FILE: what [household] of a gateway.toml says, if it can be read.
language_of_household() {
  local said
  [[ ! $LANGUAGE_IS_NAMED && -r $1 ]] || return 0
  said=$(awk -F\" '/^\[/ { inside = /^\[household\]/ } inside && /^ *language *= *"(fr|en)"/ { print $2; exit }' "$1")
  [[ ! $said ]] || choose_language "$said"
}

# text fr|en KEY [VALUE...]
text() {
  local -n words=${1^^}
  # shellcheck disable=SC2059 # the sentence is the format
  printf "${words[$2]:-${EN[$2]}}\n" "${@:3}"
}

# words KEY ENGLISH [CONTEXT]
words() {
  EN[$1]=$2
}

# Wrong use.
words needs_value '%s needs a value; see --help'
words unknown_option '%s is no option; see --help'
words unknown_command '%s is no command; see --help'
words no_command 'say what to do: install, upgrade, broker, uninstall, status or check; see --help'
words no_release 'say which release: tools/setup upgrade linky-gateway-VERSION.tar.gz'
words purge_alone '--purge belongs to uninstall'
words too_much '%s: one word too many; see --help'
words bad_language '--lang %s: fr or en'
words bad_number '%s %s: a number of seconds, 1 to 9999'
words no_directory '%s %s: there is no such folder'
words no_file '%s: cannot be read'
words no_log '%s: the log cannot be written; name another file with --log'
words no_terminal 'there is no terminal to ask questions on: use --unattended, and --config FILE for answers'
words needs_root '%s changes the system: run it with sudo'

# The system.
words not_debian '%s: this is for Raspberry Pi OS and Debian; the README says how to install by hand'
words too_old '%s is too old: Raspberry Pi OS or Debian 12 (64 bits) or 13 is needed'
words bookworm_32 '%s with 32 bits has no library of XMPP that is new enough: write the card anew with version 13 (trixie)'
words release_damaged '%s: files of this release are not what they were; unpack the archive again'

# Steps.
words begins 'linky-gateway %s on %s'
words step_begins '… %s'
words step_took '✓ %s%s'
words step_is_done '✓ %s: nothing to do'
words step_packages 'Debian packages'
words step_program 'the program'
words step_account 'its own account on this machine'
words step_configuration 'configuration and secrets'
words step_serial 'serial port of the header'
words step_broker 'broker for displays and boards'
words broker_open 'the broker is open to the house, encrypted; let a display in: sudo linky-gateway display add NAME'
words step_units 'services'
words step_updates 'security updates'
words step_failed 'step "%s" failed (code %s, line %s); what was done stays, run the same command again'
words last_lines 'the last lines of %s:'
words interrupted 'interrupted; run the same command again, it goes on from here'
words nothing_done 'nothing was changed'
words would_run '  would run: %s'
words would_make '  would make: %s'
words would_point '  would point: %s → %s'
words would_write_secret '  would write: %s (its content is not shown)'
words would_upgrade 'would upgrade from %s to %s'
words dry_run_end 'this was a dry run: nothing was changed'
words skipped_bare '  left out, the system below --root cannot run it: %s'
words skipped_not_running '  left out, it needs a running system: %s'
words far_fetches ' · fetching %s %%'
words far_installs ' · installing %s %%%s'
words part_source 'its files'
words part_environment 'Python environment'
words part_libraries 'libraries'
words installs_packages '  installs: %s'
words no_lists '  the package lists could not be brought up to date (%s); trying with those that are there'
words finishes_dpkg '  finishes what was cut off: %s'
words dpkg_stays_half '  other packages of this machine are half installed, which does not matter here: %s (%s)'
words packages_missing 'packages are missing: %s; apt says: %s; run this again when it works, or bring them in a folder: --offline DIR'
words package_is_there 'the Debian package linky-gateway %s is installed: keep it, or sudo apt remove linky-gateway first (readings stay)'
words no_debs '%s holds no .deb file; needed: %s'
words no_wheels '%s/wheels: the Python packages are not there, and this checkout is no release: use a release'
words no_compiled_wheels '%s: the libraries of %s are too old; put newer ones here: pip download -r requirements.txt -d wheels'
words packages_kept '  packages stay, %s needs them by now: %s'
words removes_packages '  removes: %s'
words configuration_kept '  %s is there and stays as it is'
words bad_configuration 'the configuration is not good, and was not kept: %s'
words no_key 'systemd/gateway.toml has no place for %s %s'
words no_broker_user 'the password of the broker could not be made'
words no_broker_rights 'the access list of the broker could not be made'

# Answers.
words answer_line '%s, line %s: write "key = value"'
words answer_key '%s, line %s: %s is no key; there are %s'
words answer_twice '%s, line %s: %s is there twice'
words answer_yes_no '%s = %s: yes or no'
words answer_port '%s: %s'
words answer_account '%s is no account; write name@server'
words port_is_tic '  the meter is read at %s, an adapter made for it'
words port_is_header '  no USB adapter made for meters: the meter is read at the header of this %s (/dev/ttyAMA0)'
words port_unknown '  no port is named for the meter: "linky-gateway ports" lists them, gateway.toml names one'
words is_tic '  ← made for meters'
words ask_port 'At which port is the meter? A number, or another one: /dev/tty…, usb:…'
words choice_header 'the pins of this %s'
words choice_later 'later: a Micro Teleinfo adapter is read as soon as it is plugged in'
words later 'later, by a Micro Teleinfo'
words choice_later_usb 'later: another USB adapter, the first one plugged in (/dev/ttyUSB0)'
words choice_board 'by an ESP32 board beside the meter, over Wi-Fi'
words choice_own 'a port of this machine'
words ask_board 'What is the board called? As on its label: 1 to 32 of a-z, 0-9, "-".'
words back back
words board_wrong '   1 to 32 of a-z, 0-9, "-"'
words port_number '   a number from 1 to %s, or a source'
words port_wrong '   %s'
words port_when_it_comes '   %s is read as soon as it is plugged in'
words port_otherwise '   Another port? Enter keeps %s; in %s s it goes on by itself.'
words listens 'listening at %s'
words hears '   a meter: %s'
words port_after_restart '   %s can be listened to after the restart'
words ask_uart 'Give the pins of the header to the meter? No console on them, Bluetooth off where it holds them; one restart.'
words ask_account 'Account of the federation (name@server), if you have one: without it all stays at home.'
words ask_password 'Password of %s (not shown; Enter: later, into /etc/linky-gateway/secrets/xmpp-password)'
words no_password '   no password yet'
words ask_page 'A page for those at home, by Wi-Fi, protected by a code of this device?'
words ask_mqtt 'Live values for displays and Home Assistant (MQTT, on this machine)?'
words ask_boards 'ESP32 boards by Wi-Fi (opens port 8883, encrypted)?'
words ask_updates 'Security updates of the system by itself?'
words row_port meter
words row_account account
words row_page page
words row_mqtt 'live values (MQTT)'
words row_boards 'ESP32 boards'
words row_updates 'security updates' 'setup: row_updates'
words row_uart 'pins of the header'
words ask_go_on 'Install like this?'
words none none
words yes yes
words no no
words say_yes_no '   yes or no'

# The end.
words installed 'linky-gateway %s is installed (%s)'
words restart_needed 'restart the machine (sudo reboot): the serial port changes with it; then: sudo linky-setup check'
words awaits_links 'listening to the meter and the links'
words not_kept '%s is not kept here: only the version before this one is'
words not_installed 'linky-gateway is not installed here: tools/setup install'
words check_version 'version %s'
words other_version '  %s is there as well'
words check_cut 'an upgrade to %s was cut off: sudo linky-setup install finishes it'
words check_needs_root 'only root can ask the gateway how it is: use sudo'
words check_no_configuration '%s is missing: sudo linky-setup install makes it'
words check_secret_open '%s can be read by others: sudo chmod 600 on it'
words check_notice_name '%s: rename it: small letters without accents, digits, hyphens; systemd starts nothing otherwise'
words check_not_active 'the gateway is not running; its last lines:'
words check_no_answer 'the gateway runs and does not answer: sudo systemctl restart linky-gateway'
words check_time 'the machine does not know the time: it needs the network, or wait a minute'
words time_is_set 'the machine knows the time'
words check_disk 'only %s MB are free: make room'
words disk_is_free '%s MB are free'
words memory_not_limited '  memory limits are not in force here, all else is (to have them: cgroup_enable=memory at the end of the line in %s)'
words updates_are_on 'security updates come by themselves'
words updates_left '  not among them: a newer version of the gateway, with the Python libraries that it brings (linky-gateway update)'
words updates_left_raspberry '  nor the firmware in the chip of a Raspberry Pi 4 or 5 (sudo rpi-eeprom-update), nor what its Wi-Fi is made of (sudo apt upgrade)'
words check_updates '  security updates are yours to install (sudo apt upgrade)'
words all_green 'all is well'
words not_green 'not all is well: see the lines with ✗, … and →'
words page_code 'the code for the first visit of the page: sudo linky-gateway page code'

# Upgrade.
words release_key 'believed from now on are releases of this key, to be compared with what you were told of it: %s'
words release_not_there '%s: there is no such release (a file .tar.gz)'
words release_part_missing '%s is missing: a release is three files side by side; nothing was unpacked'
words release_no_key '%s is missing: which key are releases signed with? Give it with --key FILE; nothing was unpacked'
words release_not_signed '%s is not signed by the key of this installation: do not use it; nothing was unpacked'
words release_altered '%s is not the file that was signed: fetch it again; nothing was unpacked'
words release_no_setup '%s is signed, and is no release of linky-gateway'
words release_same '%s is what is installed'
words release_older '%s is older than %s, which is installed: not taken; take a newer release'
words release_unknown '%s and %s, which is installed, cannot be compared: not taken; take a release as it was published'
words hands_over '  the installed version (%s) checks and upgrades'
words upgrades 'from %s to %s; the gateway goes on reading meanwhile'
words cannot_lay '%s cannot be installed; %s runs on, nothing was changed'
words upgraded '%s was replaced by %s, which is well'
words new_one_fails '%s does not do its work'
words goes_back 'back to %s …'
words readings_kept '  the database stays as it is: no reading is lost'
words readings_carried '  the database from before, with the readings taken since; the newer file is kept as %s (tables left: %s)'
words former_database '  the database from before; what was read since is kept in %s'
words rolled_back '%s failed; %s runs again'
words cannot_go_back 'neither runs: start %s by hand and ask for help; the database and its copy are in /var/lib/linky-gateway'
words was_cut 'an upgrade to %s was cut off: back to %s'

# The end of all.
words purge_needs_yes '--purge deletes the data: say --yes as well'
words ask_purge 'Delete everything, the readings in %s as well, for good? Type yes:'
words uninstalled 'taken away; configuration and readings stay in %s and %s (--purge deletes them)'
words purged 'nothing is left'
words log_removed '  and the log, %s'
