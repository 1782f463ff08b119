# The broker of the house, for displays and ESP32 boards: mosquitto with nobody anonymous. Sourced by tools/setup.
#
# Without boards it listens on this machine alone; with them also on 8883, by TLS, with an authority of the house's own.
# shellcheck shell=bash disable=SC2034,SC2154

readonly BROKER=/etc/mosquitto
readonly BROKER_FILE=$BROKER/conf.d/linky.conf

broker_is_done() {
  [[ ${ANSWER[mqtt]:-no} == yes ]] || return 0
  broker_configuration "$SCRATCH/linky.conf"
  broker_rights "$SCRATCH/linky.acl"
  certificates_are_good && same "$SCRATCH/linky.conf" "$BROKER_FILE" 644 &&
    same "$SCRATCH/linky.acl" "$BROKER/linky.acl" 600 &&
    [[ -e $ROOT$SECRETS/mqtt-password && -e $ROOT$BROKER/linky.passwords ]]
}

# The file as it ships, without the part from "listener 8883" to the next empty line when there are no boards.
broker_configuration() {
  if [[ ${ANSWER[boards]:-no} == yes ]]; then
    cat "$TREE/systemd/mosquitto/linky.conf" >"$1"
  else
    sed '/^# Boards and displays/,/^$/d' "$TREE/systemd/mosquitto/linky.conf" >"$1"
  fi
}

# The access list as it ships, with what the household has in it of its own.
broker_rights() {
  if ((DRY_RUN)) && ! command -v python3 >/dev/null; then
    # A real run has installed it by now. Where it is not, nothing of ours was here, and no list of the household's.
    cat "$TREE/systemd/mosquitto/linky.acl" >"$1"
    return
  fi
  PYTHONPATH=$TREE python3 -P -m gateway.mqtt.boards.rights "$TREE/systemd/mosquitto/linky.acl" "$ROOT$BROKER/linky.acl" \
    "$ROOT$BROKER/linky.passwords" "$ROOT$STATE/boards" >"$1" || fail "$EXIT_FAILED" no_broker_rights
}

broker_do() {
  broker_configuration "$SCRATCH/linky.conf"
  broker_rights "$SCRATCH/linky.acl"
  put_file "$SCRATCH/linky.acl" "$BROKER/linky.acl" 600 mosquitto
  certificates_are_good || make_certificates
  # `linky-gateway display` makes it: whom it has let in.
  remember file "$BROKER/linky.displays"
  remember file "$BROKER/linky.boards"
  if [[ ! -e $ROOT$BROKER/linky.passwords || ! -e $ROOT$SECRETS/mqtt-password ]]; then make_broker_user; fi
  put_file "$SCRATCH/linky.conf" "$BROKER_FILE" 644
  on_running systemctl restart mosquitto.service
}

# For a household that wants a display or a board afterwards: the broker, heard in the house, and the gateway's own login.
open_broker() {
  require_system
  [[ -e $ROOT$ETC/gateway.toml ]] || fail "$EXIT_FAILED" check_no_configuration "$ETC/gateway.toml"
  answers_of_system
  ANSWER[mqtt]=yes ANSWER[boards]=yes
  step packages
  step broker
  if ! grep -q '^[[:space:]]*\[mqtt\]' "$ROOT$ETC/gateway.toml"; then
    cp -- "$ROOT$ETC/gateway.toml" "$SCRATCH/gateway.toml"
    # A configuration of the household's own has no such lines to take the # from: the table goes to its end.
    grep -qxF '#[mqtt]' "$SCRATCH/gateway.toml" || printf '\n#[mqtt]\n#user = "gateway"\n' >>"$SCRATCH/gateway.toml"
    set_key "$SCRATCH/gateway.toml" '[mqtt]' user gateway
    put_file "$SCRATCH/gateway.toml" "$ETC/gateway.toml" 640 ":$USER_NAME"
  fi
  ((!DRY_RUN)) || { say dry_run_end && exit 0; }
  on_running systemctl restart linky-gateway.service
  say broker_open
}

# A password that nobody has to know: made here, hashed by our own code, in no argument of any program.
make_broker_user() {
  if ((DRY_RUN)); then
    say would_write_secret "$SECRETS/mqtt-password"
    return
  fi
  # Where there is one, displays and boards are in it: only the gateway's line is made anew.
  if [[ ! -e $ROOT$BROKER/linky.passwords ]]; then
    : >"$SCRATCH/passwords"
    put_file "$SCRATCH/passwords" "$BROKER/linky.passwords" 600 mosquitto
  fi
  if ! PYTHONPATH=$TREE python3 -P -c 'import pathlib, sys; from gateway.mqtt.boards.passwords import GATEWAY_USER, add
print(add(pathlib.Path(sys.argv[1]), GATEWAY_USER))' "$ROOT$BROKER/linky.passwords" >"$SCRATCH/mqtt-password"; then
    fail "$EXIT_FAILED" no_broker_user
  fi
  put_file "$SCRATCH/mqtt-password" "$SECRETS/mqtt-password" 600
}

# A board wakes in 2000 after a power cut, and puts its clock to when the authority began (micropython/lib/clock.py): the
# broker's certificate may not begin later. One that does, of a former version, is made anew; those that somebody made
# himself, whose authority's key is not here, are his.
certificates_are_good() {
  [[ ${ANSWER[boards]:-no} == yes ]] || return 0
  local folder=$ROOT$BROKER/linky
  [[ -e $folder/server.crt && -e $folder/ca.crt ]] || return 1
  [[ ! -e $folder/ca.key ]] || (($(date_of startdate "$folder/server.crt") <= $(date_of startdate "$folder/ca.crt"))) 2>/dev/null
}

# The authority is kept whatever happens: it is in every board. It begins on the day before, since a board's clock begins
# a day after it.
make_certificates() {
  local folder=$ROOT$BROKER/linky work=$SCRATCH/certificates
  put_dir "$BROKER/linky" 755
  ((!DRY_RUN)) || { say would_make "$BROKER/linky/server.crt" && return; }
  (umask 077 && mkdir -p "$work" && cp -- "$folder"/*.key "$folder"/*.crt "$work" 2>/dev/null) || true
  (
    umask 077
    cd "$work" || exit
    certify
  )
  put_file "$work/ca.key" "$BROKER/linky/ca.key" 600
  put_file "$work/ca.crt" "$BROKER/linky/ca.crt" 644
  put_file "$work/server.key" "$BROKER/linky/server.key" 600 mosquitto
  put_file "$work/server.crt" "$BROKER/linky/server.crt" 644
}

# In the scratch folder, from what is there of ca.key, ca.crt, server.key and server.crt.
certify() {
  local name
  name=$(cat "$ROOT/etc/hostname" 2>/dev/null || hostname).local
  : >index
  printf '%s\n' '[ca]' 'default_ca = linky' '[linky]' 'database = index' 'new_certs_dir = .' 'rand_serial = yes' \
    'default_md = sha256' 'policy = any' 'copy_extensions = copyall' 'unique_subject = no' '[any]' \
    'commonName = supplied' >ca.cnf
  if [[ ! -e ca.key ]] || ! date_of startdate ca.crt >/dev/null; then
    request ca "/CN=linky at home" -addext basicConstraints=critical,CA:TRUE
    sign ca "$(date -u -d yesterday +%Y%m%d000000)" "$(date -u -d '+7300 days' +%Y%m%d000000)" -selfsign
    rm -f server.key server.crt
  fi
  if [[ -e server.key ]] && date_of startdate server.crt >/dev/null; then
    run openssl x509 -x509toreq -copy_extensions copyall -in server.crt -signkey server.key -out server.csr
  else
    request server "/CN=$name" -addext "subjectAltName=DNS:$name" -addext basicConstraints=critical,CA:FALSE
  fi
  sign server "$(date_of startdate ca.crt)" "$(date_of enddate ca.crt)" -cert ca.crt
}

# request FILE SUBJECT OPTION...: a new key, and what asks for a certificate of it.
request() {
  run openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" "${@:3}" \
    -keyout "$1.key" -out "$1.csr"
}

# sign FILE FROM TO OPTION...: by "openssl ca", since that of Debian 12 puts a date into no certificate otherwise.
sign() {
  run openssl ca -batch -notext -config ca.cnf -keyfile ca.key -in "$1.csr" -out "$1.crt.new" \
    -startdate "$2Z" -enddate "$3Z" "${@:4}"
  mv -- "$1.crt.new" "$1.crt"
}

# date_of startdate|enddate CERTIFICATE: in UTC, YYYYMMDDhhmmss; 1 when it is none.
date_of() {
  local said
  said=$(openssl x509 -in "$2" -noout "-$1" 2>/dev/null) && date -u -d "${said#*=}" +%Y%m%d%H%M%S
}
