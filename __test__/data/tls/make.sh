#!/bin/sh
# Makes every other file in this folder anew, with OpenSSL 3. The keys are for tests only; they protect nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Dates so far apart that no test fails for one; only `openssl ca` can set the first of them.
cat > "$work/config" << END
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
unique_subject = no
default_startdate = 20200101000000Z
default_enddate = 21200101000000Z
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:database.test, IP:127.0.0.1
[self_signed]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:database.test, IP:127.0.0.1
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
END
: > "$work/index"
echo 01 > "$work/serial"

# make NAME EXTENSIONS COMMON_NAME KEY_FOLDER SIGNING_OPTIONS...
make() {
  name=$1 extensions=$2 common_name=$3 keys=$4
  shift 4
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/$name.key"
  openssl req -new -key "$keys/$name.key" -subj "/CN=$common_name" -out "$work/request"
  openssl ca -batch -notext -config "$work/config" -extensions "$extensions" -in "$work/request" -out "$name.crt" "$@"
}

# The authorities' keys are not kept: nobody is to sign anything else.
for name in authority another-authority; do
  make "$name" authority "Test $name" "$work" -selfsign -keyfile "$work/$name.key"
done
signed="-cert authority.crt -keyfile $work/authority.key"
make server server server . $signed
past='-startdate 20200101000000Z -enddate 20210101000000Z'
make server-expired server server . $signed $past
make server-not-yet-valid server server . $signed -startdate 21190101000000Z -enddate 21200101000000Z
# As PostgreSQL's manual makes one: it is its own authority.
for name in server-self-signed server-self-signed-expired; do
  case $name in *-expired) dates=$past ;; *) dates= ;; esac
  make $name self_signed database.test . -selfsign -keyfile $name.key $dates
done
make client client certified . $signed

# Archives as OpenSSL 3 makes them, and as OpenSSL 1 and its contemporaries did.
for form in '' -legacy; do
  openssl pkcs12 -export $form -in client.crt -inkey client.key -certfile authority.crt \
    -passout pass:archive-password -out "client$form.p12"
done
openssl pkcs12 -export -in client.crt -inkey client.key -passout pass: -out client-without-password.p12
chmod 644 ./*.key ./*.p12
