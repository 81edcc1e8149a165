#!/bin/sh
#
# Shows that the log of a write is synced before its answer is sent: runs the server under strace, sends N upserts one
# after the other and looks, for each answer, for a sync of the log that began after the answer before and returned.
#
#   load-tests/sync-before-answer.sh [N]        needs strace, curl and a build (./shaula version makes one)
#
# Prints the system calls of the last write and a verdict; exits 1 if an answer came before its sync.

set -eu

requests="${1:-100}"
port="${PORT:-18089}"
home="$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)"
work="$(mktemp -d)"
server="http://127.0.0.1:$port"
tracer=''

for tool in strace curl; do
  command -v "$tool" >/dev/null || {
    echo "skipped: $tool is not installed" >&2
    exit 0
  }
done

finish() {
  status=$?
  if [ -n "$tracer" ]; then
    # The server is strace's only child; strace ends with it.
    kill $(cat "/proc/$tracer/task/$tracer/children" 2>/dev/null) 2>/dev/null || :
    wait "$tracer" || :
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT INT TERM

cd "$work"
SHAULA_BUILD=never strace -f -yy -s 24 -o "$work/trace" \
  -e trace=fsync,fdatasync,write,writev,sendto,sendmsg \
  "$home/shaula" serve --port "$port" --data-dir "$work/data" --sync always >"$work/server.log" 2>&1 &
tracer=$!

tries=0
until curl -sf "$server/health" >/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] && kill -0 "$tracer" 2>/dev/null || {
    cat "$work/server.log" >&2
    exit 1
  }
  sleep 0.2
done

post() { curl -sf -H 'Content-Type: application/json' -d "$2" "$server$1" >/dev/null; }

post /collections '{"name":"synced","dimensions":4,"shards":1}'
# Its 404 marks the place in the trace where the writes begin.
curl -s "$server/collections/begins-here" >/dev/null
n=0
while [ "$n" -lt "$requests" ]; do
  post /vectors/upsert "{\"collection\":\"synced\",\"vectors\":[{\"id\":\"v$n\",\"values\":[1,2,3,$n]}]}"
  n=$((n + 1))
done

awk -v wanted="$requests" '
  /"HTTP\/1\.1 404/ { begun = 1; next }
  !begun { next }
  { pid = $1 }
  /f(data)?sync\(.*\.log>/ && /<unfinished/ { syncing[pid] = 1; started[pid] = NR; shown[NR] = $0 }
  /f(data)?sync\(.*\.log>.*= 0$/ { if (NR > answered) { synced = NR }; line = $0 }
  /<\.\.\. f(data)?sync resumed>.*= 0$/ && syncing[pid] {
    syncing[pid] = 0
    if (started[pid] > answered) { synced = NR }
    line = shown[started[pid]] "\n" $0
  }
  /"HTTP\/1\.1 200/ {
    answers++
    if (synced <= answered) { early++; print "answered before the sync: " $0 }
    answered = NR
    answer = $0
  }
  END {
    print "the last write: line " synced " of the trace, then line " answered
    print line
    print answer
    print answers " answers, " early + 0 " of them before their sync"
    exit !(answers >= wanted && early == 0)
  }' "$work/trace"
