# Every sentence of tools/setup, in English and in French; %s are what the sentence is about. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034

declare -gA EN=() FR=()

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
  printf "${words[$2]}\n" "${@:3}"
}

# words KEY ENGLISH FRENCH
words() {
  EN[$1]=$2 FR[$1]=$3
}

# Wrong use.
words needs_value '%s needs a value; see --help' '%s demande une valeur ; voir --help'
words unknown_option '%s is no option; see --help' "%s n'est pas une option ; voir --help"
words unknown_command '%s is no command; see --help' "%s n'est pas une commande ; voir --help"
words no_command 'say what to do: install, upgrade, broker, uninstall, status or check; see --help' \
  'dites quoi faire : install, upgrade, broker, uninstall, status ou check ; voir --help'
words no_release 'say which release: tools/setup upgrade linky-gateway-VERSION.tar.gz' \
  'dites quelle version : tools/setup upgrade linky-gateway-VERSION.tar.gz'
words purge_alone '--purge belongs to uninstall' "--purge va avec uninstall"
words too_much '%s: one word too many; see --help' '%s : un mot de trop ; voir --help'
words bad_language '--lang %s: fr or en' '--lang %s : fr ou en'
words bad_number '%s %s: a number of seconds, 1 to 9999' '%s %s : un nombre de secondes, de 1 à 9999'
words no_directory '%s %s: there is no such folder' "%s %s : ce dossier n'existe pas"
words no_file '%s: cannot be read' '%s : ne peut pas être lu'
words no_log '%s: the log cannot be written; name another file with --log' \
  "%s : le journal ne peut pas être écrit ; donnez un autre fichier par --log"
words no_terminal 'there is no terminal to ask questions on: use --unattended, and --config FILE for answers' \
  "pas de terminal où poser des questions : utilisez --unattended, et --config FICHIER pour les réponses"
words needs_root '%s changes the system: run it with sudo' '%s change le système : lancez-le avec sudo'

# The system.
words not_debian '%s: this is for Raspberry Pi OS and Debian; the README says how to install by hand' \
  '%s : ceci est pour Raspberry Pi OS et Debian ; le README dit comment installer à la main'
words too_old '%s is too old: Raspberry Pi OS or Debian 12 (64 bits) or 13 is needed' \
  '%s est trop ancien : il faut Raspberry Pi OS ou Debian 12 (64 bits) ou 13'
words bookworm_32 '%s with 32 bits has no library of XMPP that is new enough: write the card anew with version 13 (trixie)' \
  "%s en 32 bits n'a pas de bibliothèque XMPP assez récente : réécrivez la carte avec la version 13 (trixie)"
words release_damaged '%s: files of this release are not what they were; unpack the archive again' \
  "%s : des fichiers de cette version sont altérés ; décompressez à nouveau l'archive"

# Steps.
words begins 'linky-gateway %s on %s' 'linky-gateway %s sur %s'
words step_begins '… %s' '… %s'
words step_took '✓ %s%s' '✓ %s%s'
words step_is_done '✓ %s: nothing to do' '✓ %s : rien à faire'
words step_packages 'Debian packages' 'paquets Debian'
words step_program 'the program' 'le programme'
words step_account 'its own account on this machine' 'son propre compte sur cette machine'
words step_configuration 'configuration and secrets' 'configuration et secrets'
words step_serial 'serial port of the header' 'port série du connecteur'
words step_broker 'broker for displays and boards' 'courtier pour écrans et cartes'
words broker_open 'the broker is open to the house, encrypted; let a display in: sudo linky-gateway display add NAME' \
  'le courtier est ouvert à la maison, chiffré ; pour admettre un écran : sudo linky-gateway display add NOM'
words step_units 'services' 'services'
words step_updates 'security updates' 'mises à jour de sécurité'
words step_failed 'step "%s" failed (code %s, line %s); what was done stays, run the same command again' \
  "l'étape « %s » a échoué (code %s, ligne %s) ; ce qui est fait reste, relancez la même commande"
words last_lines 'the last lines of %s:' 'les dernières lignes de %s :'
words interrupted 'interrupted; run the same command again, it goes on from here' \
  'interrompu ; relancez la même commande, elle reprend ici'
words nothing_done 'nothing was changed' "rien n'a été changé"
words would_run '  would run: %s' '  lancerait : %s'
words would_make '  would make: %s' '  créerait : %s'
words would_point '  would point: %s → %s' '  ferait pointer : %s → %s'
words would_write_secret '  would write: %s (its content is not shown)' "  écrirait : %s (son contenu n'est pas montré)"
words would_upgrade 'would upgrade from %s to %s' 'passerait de %s à %s'
words dry_run_end 'this was a dry run: nothing was changed' "c'était un essai : rien n'a été changé"
words skipped_bare '  left out, the system below --root cannot run it: %s' \
  '  laissé de côté, le système de --root ne peut pas le lancer : %s'
words skipped_not_running '  left out, it needs a running system: %s' \
  '  laissé de côté, il y faut un système en marche : %s'
words far_fetches ' · fetching %s %%' ' · téléchargement %s %%'
words far_installs ' · installing %s %%%s' ' · installation %s %%%s'
words part_source 'its files' 'ses fichiers'
words part_environment 'Python environment' 'environnement Python'
words part_libraries 'libraries' 'bibliothèques'
words installs_packages '  installs: %s' '  installe : %s'
words no_lists '  the package lists could not be brought up to date (%s); trying with those that are there' \
  "  les listes de paquets n'ont pas pu être mises à jour (%s) ; essai avec celles qui sont là"
words finishes_dpkg '  finishes what was cut off: %s' '  termine ce qui a été coupé : %s'
words dpkg_stays_half '  other packages of this machine are half installed, which does not matter here: %s (%s)' \
  "  d'autres paquets de cette machine sont à moitié installés, sans conséquence ici : %s (%s)"
words packages_missing 'packages are missing: %s; apt says: %s; run this again when it works, or bring them in a folder: --offline DIR' \
  'il manque des paquets : %s ; apt dit : %s ; relancez quand cela marche, ou apportez-les dans un dossier : --offline DOSSIER'
words package_is_there 'the Debian package linky-gateway %s is installed: keep it, or sudo apt remove linky-gateway first (readings stay)' \
  "le paquet Debian linky-gateway %s est installé : gardez-le, ou d'abord sudo apt remove linky-gateway (les relevés restent)"
words no_debs '%s holds no .deb file; needed: %s' '%s ne contient aucun fichier .deb ; il faut : %s'
words no_wheels '%s/wheels: the Python packages are not there, and this checkout is no release: use a release' \
  "%s/wheels : les paquets Python n'y sont pas, et ce dossier n'est pas une version publiée : prenez-en une"
words no_compiled_wheels '%s: the libraries of %s are too old; put newer ones here: pip download -r requirements.txt -d wheels' \
  '%s : les bibliothèques de %s sont trop anciennes ; mettez-y de plus récentes : pip download -r requirements.txt -d wheels'
words packages_kept '  packages stay, %s needs them by now: %s' '  les paquets restent, %s en a besoin à présent : %s'
words removes_packages '  removes: %s' '  retire : %s'
words configuration_kept '  %s is there and stays as it is' '  %s est là et reste tel quel'
words bad_configuration 'the configuration is not good, and was not kept: %s' \
  "la configuration n'est pas bonne, et n'a pas été gardée : %s"
words no_key 'systemd/gateway.toml has no place for %s %s' "systemd/gateway.toml n'a pas de place pour %s %s"
words no_broker_user 'the password of the broker could not be made' "le mot de passe du courtier n'a pas pu être fait"
words no_broker_rights 'the access list of the broker could not be made' "la liste d'accès du courtier n'a pas pu être faite"

# Answers.
words answer_line '%s, line %s: write "key = value"' '%s, ligne %s : écrivez « clé = valeur »'
words answer_key '%s, line %s: %s is no key; there are %s' "%s, ligne %s : %s n'est pas une clé ; il y a %s"
words answer_twice '%s, line %s: %s is there twice' '%s, ligne %s : %s y est deux fois'
words answer_yes_no '%s = %s: yes or no' '%s = %s : yes ou no'
words answer_port '%s: %s' '%s : %s'
words answer_account '%s is no account; write name@server' "%s n'est pas un compte ; écrivez nom@serveur"
words port_is_tic '  the meter is read at %s, an adapter made for it' '  le compteur est lu par %s, un adaptateur fait pour cela'
words port_is_header '  no USB adapter made for meters: the meter is read at the header of this %s (/dev/ttyAMA0)' \
  "  pas d'adaptateur USB fait pour les compteurs : le compteur est lu par le connecteur de ce %s (/dev/ttyAMA0)"
words port_unknown '  no port is named for the meter: "linky-gateway ports" lists them, gateway.toml names one' \
  '  aucun port nommé pour le compteur : « linky-gateway ports » les montre, gateway.toml en nomme un'
words is_tic '  ← made for meters' '  ← fait pour les compteurs'
words ask_port 'At which port is the meter? A number, or another one: /dev/tty…, usb:…' \
  'Par quel port lire le compteur ? Un numéro, ou un autre : /dev/tty…, usb:…'
words choice_header 'the pins of this %s' 'les broches de ce %s'
words choice_later 'later: a Micro Teleinfo adapter is read as soon as it is plugged in' \
  "plus tard : un adaptateur Micro Teleinfo est lu dès qu'il est branché"
words later 'later, by a Micro Teleinfo' 'plus tard, par un Micro Teleinfo'
words choice_later_usb 'later: another USB adapter, the first one plugged in (/dev/ttyUSB0)' \
  'plus tard : un autre adaptateur USB, le premier branché (/dev/ttyUSB0)'
words choice_board 'by an ESP32 board beside the meter, over Wi-Fi' 'par une carte ESP32 près du compteur, en Wi-Fi'
words choice_own 'a port of this machine' 'un port de cette machine'
words ask_board 'What is the board called? As on its label: 1 to 32 of a-z, 0-9, "-".' \
  "Comment s'appelle la carte ? Comme sur son étiquette : de 1 à 32 signes, a-z, 0-9, « - »."
words back back retour
words board_wrong '   1 to 32 of a-z, 0-9, "-"' '   de 1 à 32 signes : a-z, 0-9, « - »'
words port_number '   a number from 1 to %s, or a source' '   un numéro de 1 à %s, ou une source'
words port_wrong '   %s' '   %s'
words port_when_it_comes '   %s is read as soon as it is plugged in' "   %s sera lu dès qu'il est branché"
words port_otherwise '   Another port? Enter keeps %s; in %s s it goes on by itself.' \
  '   Un autre port ? Entrée garde %s ; dans %s s cela continue tout seul.'
words listens 'listening at %s' "j'écoute %s"
words hears '   a meter: %s' '   un compteur : %s'
words port_after_restart '   %s can be listened to after the restart' '   %s pourra être écouté après le redémarrage'
words ask_uart 'Give the pins of the header to the meter? No console on them, Bluetooth off where it holds them; one restart.' \
  'Donner les broches du connecteur au compteur ? Sans console, Bluetooth coupé là où il les tient ; un redémarrage.'
words ask_account 'Account of the federation (name@server), if you have one: without it all stays at home.' \
  'Compte de la fédération (nom@serveur), si vous en avez un : sans lui tout reste à la maison.'
words ask_password 'Password of %s (not shown; Enter: later, into /etc/linky-gateway/secrets/xmpp-password)' \
  'Mot de passe de %s (non montré ; Entrée : plus tard, dans /etc/linky-gateway/secrets/xmpp-password)'
words no_password '   no password yet' '   pas encore de mot de passe'
words ask_page 'A page for those at home, by Wi-Fi, protected by a code of this device?' \
  'Une page pour ceux de la maison, par le Wi-Fi, protégée par un code de cet appareil ?'
words ask_mqtt 'Live values for displays and Home Assistant (MQTT, on this machine)?' \
  'Valeurs en direct pour écrans et Home Assistant (MQTT, sur cette machine) ?'
words ask_boards 'ESP32 boards by Wi-Fi (opens port 8883, encrypted)?' \
  'Cartes ESP32 par Wi-Fi (ouvre le port 8883, chiffré) ?'
words ask_updates 'Security updates of the system by itself?' 'Mises à jour de sécurité automatiques du système ?'
words row_port meter compteur
words row_account account compte
words row_page page page
words row_mqtt 'live values (MQTT)' 'valeurs en direct'
words row_boards 'ESP32 boards' 'cartes ESP32'
words row_updates 'security updates' 'mises à jour'
words row_uart 'pins of the header' 'broches'
words ask_go_on 'Install like this?' 'Installer ainsi ?'
words none none aucun
words yes yes oui
words no no non
words say_yes_no '   yes or no' '   oui ou non'

# The end.
words installed 'linky-gateway %s is installed (%s)' 'linky-gateway %s est installé (%s)'
words restart_needed 'restart the machine (sudo reboot): the serial port changes with it; then: sudo linky-setup check' \
  'redémarrez la machine (sudo reboot) : le port série change alors ; ensuite : sudo linky-setup check'
words awaits_links 'listening to the meter and the links' "j'écoute le compteur et les liaisons"
words not_installed 'linky-gateway is not installed here: tools/setup install' \
  "linky-gateway n'est pas installé ici : tools/setup install"
words check_version 'version %s' 'version %s'
words other_version '  %s is there as well' '  %s est là aussi'
words check_cut 'an upgrade to %s was cut off: sudo linky-setup install finishes it' \
  'une mise à jour vers %s a été coupée : sudo linky-setup install la termine'
words check_needs_root 'only root can ask the gateway how it is: use sudo' \
  'seul root peut demander à la passerelle comment elle va : utilisez sudo'
words check_no_configuration '%s is missing: sudo linky-setup install makes it' '%s manque : sudo linky-setup install le crée'
words check_secret_open '%s can be read by others: sudo chmod 600 on it' "%s peut être lu par d'autres : sudo chmod 600"
words check_not_active 'the gateway is not running; its last lines:' 'la passerelle ne tourne pas ; ses dernières lignes :'
words check_no_answer 'the gateway runs and does not answer: sudo systemctl restart linky-gateway' \
  'la passerelle tourne et ne répond pas : sudo systemctl restart linky-gateway'
words check_time 'the machine does not know the time: it needs the network, or wait a minute' \
  "la machine ne connaît pas l'heure : il lui faut le réseau, ou une minute"
words time_is_set 'the machine knows the time' "la machine connaît l'heure"
words check_disk 'only %s MB are free: make room' "il ne reste que %s Mo : faites de la place"
words disk_is_free '%s MB are free' '%s Mo libres'
words memory_not_limited '  memory limits are not in force here, all else is (to have them: cgroup_enable=memory at the end of the line in %s)' \
  '  les limites de mémoire sont sans effet ici, le reste non (pour les avoir : cgroup_enable=memory au bout de %s)'
words updates_are_on 'security updates come by themselves' 'les mises à jour de sécurité viennent toutes seules'
words check_updates '  security updates are yours to install (sudo apt upgrade)' \
  '  les mises à jour de sécurité sont à votre charge (sudo apt upgrade)'
words all_green 'all is well' 'tout va bien'
words not_green 'not all is well: see the lines with ✗, … and →' 'tout ne va pas bien : voir les lignes ✗, … et →'
words page_code 'the code for the first visit of the page: sudo linky-gateway page code' \
  'le code pour la première visite de la page : sudo linky-gateway page code'

# Upgrade.
words release_not_there '%s: there is no such release (a file .tar.gz)' "%s : cette version n'est pas là (un fichier .tar.gz)"
words release_part_missing '%s is missing: a release is three files side by side; nothing was unpacked' \
  "%s manque : une version est faite de trois fichiers côte à côte ; rien n'a été décompressé"
words release_no_key '%s is missing: which key are releases signed with? Give it with --key FILE; nothing was unpacked' \
  "%s manque : de quelle clé les versions sont-elles signées ? Donnez-la par --key FICHIER ; rien n'a été décompressé"
words release_not_signed '%s is not signed by the key of this installation: do not use it; nothing was unpacked' \
  "%s n'est pas signé par la clé de cette installation : ne l'utilisez pas ; rien n'a été décompressé"
words release_altered '%s is not the file that was signed: fetch it again; nothing was unpacked' \
  "%s n'est pas le fichier qui a été signé : téléchargez-le à nouveau ; rien n'a été décompressé"
words release_no_setup '%s is signed, and is no release of linky-gateway' "%s est signé, et n'est pas une version de linky-gateway"
words release_same '%s is what is installed' '%s est ce qui est installé'
words release_older '%s is older than %s, which is installed: not taken; take a newer release' \
  "%s est plus ancien que %s, qui est installé : refusé ; prenez une version plus récente"
words release_unknown '%s and %s, which is installed, cannot be compared: not taken; take a release as it was published' \
  "%s et %s, qui est installé, ne se comparent pas : refusé ; prenez une version telle qu'elle a été publiée"
words hands_over '  the installed version (%s) checks and upgrades' '  la version installée (%s) vérifie et met à jour'
words upgrades 'from %s to %s; the gateway goes on reading meanwhile' 'de %s à %s ; la passerelle continue de lire pendant ce temps'
words cannot_lay '%s cannot be installed; %s runs on, nothing was changed' \
  "%s ne peut pas être installé ; %s continue, rien n'a été changé"
words upgraded '%s was replaced by %s, which is well' '%s est remplacé par %s, qui va bien'
words new_one_fails '%s does not do its work' '%s ne fait pas son travail'
words goes_back 'back to %s …' 'retour à %s …'
words readings_kept '  the database stays as it is: no reading is lost' "  la base reste telle quelle : aucun relevé n'est perdu"
words readings_carried '  the database from before, with the readings taken since; the newer file is kept as %s (tables left: %s)' \
  "  la base d'avant, avec les relevés faits depuis ; le fichier plus récent est gardé : %s (tables laissées : %s)"
words former_database '  the database from before; what was read since is kept in %s' \
  "  la base d'avant ; ce qui a été lu depuis est gardé dans %s"
words rolled_back '%s failed; %s runs again' '%s a échoué ; %s tourne à nouveau'
words cannot_go_back 'neither runs: start %s by hand and ask for help; the database and its copy are in /var/lib/linky-gateway' \
  "aucune ne tourne : démarrez %s à la main et demandez de l'aide ; la base et sa copie sont dans /var/lib/linky-gateway"
words was_cut 'an upgrade to %s was cut off: back to %s' 'une mise à jour vers %s a été coupée : retour à %s'

# The end of all.
words purge_needs_yes '--purge deletes the data: say --yes as well' '--purge supprime les données : ajoutez --yes'
words ask_purge 'Delete everything, the readings in %s as well, for good? Type yes:' \
  'Tout supprimer, aussi les relevés de %s, pour toujours ? Tapez oui :'
words uninstalled 'taken away; configuration and readings stay in %s and %s (--purge deletes them)' \
  'désinstallé ; configuration et relevés restent dans %s et %s (--purge les supprime)'
words purged 'nothing is left' "il ne reste rien"
words log_removed '  and the log, %s' '  et le journal, %s'
