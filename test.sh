#!/usr/bin/env bash
# Installs what the tests need, builds, checks the style and runs the tests. The last line says "N passed, N failed, N skipped".
#   ./test.sh                 the set every change must pass (25 minutes at most on two cores)
#   ./test.sh --long          everything
#   ./test.sh --filter EXPR   only the tests of a dotnet test filter
# As root on Debian it installs missing packages with apt-get (no service is started); otherwise it says what is missing.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

set_name=ci filter='Set!=Long' hang=8m
while [ $# -gt 0 ]; do
  case $1 in
    --long) set_name=long filter='' hang=30m ;;
    --filter) filter=${2:?--filter needs an expression}; shift ;;
    -h|--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
results=$PWD/TestResults
passed=0 failed=0 skipped=0
started=$SECONDS

say() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - started)); }

finish() {
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ] && exit 0 || exit 1
}

# A step that is not a test but must succeed: its failure counts as one failed check and ends the run when nothing can follow.
must() {
  "$@" </dev/null && return
  echo "FAILED: $*" >&2
  failed=$((failed + 1))
  finish
}

# ---------------------------------------------------------------- packages

packages=(ca-certificates curl swaks fetchmail getmail6 mpop msmtp sieve-connect s-nail neomutt offlineimap3 libnet-ssleay-perl isync alpine thunderbird openssl python3 postfix unbound ldnsutils libdb5.3 libgnutls-dane0 libidn12 libnsl2 libpcre2-8-0 chromium fonts-noto-cjk procps postgresql-15 pebble)
command -v npm >/dev/null && command -v node >/dev/null || packages+=(nodejs npm)

install_packages() {
  command -v dpkg-query >/dev/null || { echo "no Debian packages here: tests whose tools are missing are skipped"; return 0; }
  local missing=() name
  for name in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "not root, so not installed (their tests are skipped): ${missing[*]}"
    return 0
  fi
  say "installing ${missing[*]}"
  # Packages may not start their services: the tests start what they need, on ports of their own.
  local policy=/usr/sbin/policy-rc.d own_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && own_policy=1
  fi
  local apt=(apt-get -o DPkg::Lock::Timeout=600 -qq -y) ok=0
  if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then "${apt[@]}" update; fi
  "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null && ok=1
  if [ $ok -eq 0 ]; then # the lists may be old
    "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null && ok=1
  fi
  [ -n "$own_policy" ] && rm -f "$policy"
  [ $ok -eq 1 ]
}
must install_packages

# Packages that cannot be installed beside others (Exim beside Postfix) are only unpacked; again only when Debian has another version.
# The libraries they need are in the list above.
unpack_package() {
  local name=$1 folder=MailPlus.Tests/Peers/unpacked/$1 version file
  command -v dpkg >/dev/null && command -v apt-get >/dev/null || { echo "no Debian packages here: the tests that use $name are skipped"; return 0; }
  version=$(apt-cache policy "$name" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [ -e "$folder/.version" ] && { [ -z "$version" ] || [ "$version" = "$(cat "$folder/.version")" ]; } && return 0
  say "unpacking $name $version"
  local download
  download=$(mktemp -d) && chmod 755 "$download" || return 1
  if ! (cd "$download" && apt-get -qq download "$name" >/dev/null 2>&1); then # the lists may be old
    [ "$(id -u)" -eq 0 ] || { rm -rf "$download"; echo "$name cannot be fetched: its tests are skipped"; return 0; }
    if ! { apt-get -o DPkg::Lock::Timeout=600 -qq -y update && (cd "$download" && apt-get -qq download "$name" >/dev/null); }; then
      rm -rf "$download"
      echo "$name cannot be fetched: its tests are skipped"
      return 0
    fi
    version=$(apt-cache policy "$name" | sed -n 's/^  Candidate: //p')
  fi
  file=$(ls "$download"/*.deb) && rm -rf "$folder" && mkdir -p "$folder" && dpkg -x "$file" "$folder" && echo "$version" >"$folder/.version" && rm -rf "$download"
}
must unpack_package exim4-daemon-light

# npm packages from a lock file; again only when the lock file has changed since.
install_npm() {
  local folder=$1
  [ -e "$folder/package-lock.json" ] || return 0
  command -v npm >/dev/null || { echo "no npm: the tests that use $folder are skipped"; return 0; }
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock" && return 0
  say "npm ci in $folder"
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock)
}
must install_npm MailPlus.Tests/Peers/node
must install_npm wwwroot-assets

# ---------------------------------------------------------------- build

say "restoring"
must dotnet restore MailPlus.sln -v quiet
say "building"
must dotnet build MailPlus.sln -c Release --no-restore --nologo -v quiet -clp:NoSummary
say "checking the style"
# What analyzers warn of is an error of the build already: of "dotnet format" this leaves the style and the white space.
check_style() {
  dotnet format whitespace . --folder --verify-no-changes --exclude '**/obj/' '**/bin/' '**/node_modules/' -v quiet </dev/null
  local space=$?
  dotnet format style MailPlus.sln --verify-no-changes --no-restore -v quiet </dev/null && [ $space -eq 0 ]
}
if check_style; then
  passed=$((passed + 1))
else
  echo "FAILED: dotnet format --verify-no-changes"
  failed=$((failed + 1))
fi

# ---------------------------------------------------------------- tests

run_tests() {
  local project=$1 name=$2 expression=$3
  local trx=$results/$name.trx code
  rm -f "$trx"
  say "tests: $name"
  dotnet test "$project" -c Release --no-build --nologo --filter "${expression:-FullyQualifiedName~.}" \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
    --blame-hang --blame-hang-timeout "$hang" --blame-hang-dump-type none </dev/null
  code=$?
  # <Counters total="12" executed="11" passed="10" failed="1" .../>: what was not executed was skipped.
  local counters
  counters=$(grep -o '<Counters [^>]*>' "$trx" 2>/dev/null | tail -1)
  number() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
  local total executed good bad
  total=$(number total) executed=$(number executed) good=$(number passed) bad=$(number failed)
  passed=$((passed + ${good:-0}))
  skipped=$((skipped + ${total:-0} - ${executed:-0}))
  if [ "${bad:-0}" -eq 0 ] && [ $code -ne 0 ]; then
    echo "FAILED: the test run '$name' ended with code $code (a crash, a hang or no test at all)"
    bad=1
  fi
  failed=$((failed + ${bad:-0}))
}

mkdir -p "$results"
run_tests MailPlus.Tests/MailPlus.Tests.csproj "$set_name" "$filter"
say "done"
finish
