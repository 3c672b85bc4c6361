#!/usr/bin/env bash
# Builds MailPlus when its sources are newer than the last build, then runs it. Needs only the .NET SDK.
# All arguments go to the program: ./run.sh, ./run.sh --data /srv/mail, ./run.sh account list --json, ...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/MailPlus.Web/bin/run/MailPlus.Web.dll
stamp=$here/MailPlus.Web/obj/run.stamp

if ! command -v dotnet >/dev/null; then
  echo "MailPlus needs the .NET 10 SDK: 'dotnet' is not on the PATH." >&2
  exit 1
fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

outdated() {
  [ -e "$program" ] && [ -e "$stamp" ] || return 0
  # Folders count too: deleting a file changes the time of its folder only.
  [ -n "$(find "$here/MailPlus.Engine" "$here/MailPlus.Web" "$here/wwwroot-assets" "$here"/*.props "$here"/.editorconfig \
      \( -name bin -o -name obj -o -name node_modules \) -prune -o -newer "$stamp" -print -quit 2>/dev/null)" ]
}

publish() {
  dotnet publish "$here/MailPlus.Web/MailPlus.Web.csproj" -c Release --nologo -v quiet -clp:NoSummary -o "$(dirname "$program")" "$@" </dev/null
}

build() {
  mkdir -p "$here/MailPlus.Web/obj" "$here/MailPlus.Web/bin" "$here/MailPlus.Engine/obj" "$here/MailPlus.Engine/bin"
  touch "$stamp.new" # taken before the build, so that what is edited meanwhile is built next time
  echo "Building MailPlus ..." >&2
  # What a verb prints must stay readable by programs, so the build speaks on standard error only. Compiled ahead it starts in half the time; where
  # the compiler's package cannot be had, without.
  publish -p:CompileAhead=true >/dev/null 2>&1 || publish >&2
  mv "$stamp.new" "$stamp"
}

if outdated; then
  if command -v flock >/dev/null; then
    mkdir -p "$here/MailPlus.Web/obj"
    exec 9>"$here/MailPlus.Web/obj/run.lock"
    flock 9 # a second caller waits here, then finds the build done
    outdated && build
    exec 9>&-
  else
    build
  fi
fi

exec dotnet "$program" "$@"
