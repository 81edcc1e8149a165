#!/usr/bin/env bash
#
# Speed through the doors: starts ../shaula serve, stores a set and searches it over real sockets from one client thread,
# with requests that were encoded beforehand. See --help.

set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
root="$(dirname -- "$here")"

usage() {
    cat <<'HELP'
doors.sh [OPTION VALUE]...

  --steps LIST        ingest, search, mixed                                                     [ingest,search,mixed]
  --doors LIST        json, base64, binary, grpc, websocket                                     [binary,json,grpc,websocket]
  --points LIST       K/EF/CONNECTIONS[/CONNECTIONS]... of searches                             [10/36/1/4/16,100/100/4/16]
  --mixed K/EF/RATE   searches over 4 connections beside RATE single inserts a second           [10/36/200]
  --ingest FORM       base64 or json: how vectors of the ingest travel                          [base64]
  --set NAME          embed-D or embed-D-ROWS, as side-by-side.sh makes them                    [embed-1536]
  --rows N            of the set                                                                [100000]
  --seconds N, --warm N  of each measurement                                                    [8, 4]
  --serve ARGS        more arguments of ./shaula serve, such as "--shards 2"                    []
  --data-dir DIR      of the server; kept, for later runs without ingest                        [a temporary one]
  --work DIR          where side-by-side.sh keeps its sets                                      [/tmp/shaula-side-by-side]
  --port N                                                                                      [18080]

Columns of searches: door, k, ef, recall@k, connections, queries a second, median and 99th percentile in ms; processor
time of the server per query in ms; of it, in us, by the threads that search, those of the doors (network, parsing,
writing), those that write to shards, and the rest (collector, compiler); cores used by the client and by others.
Every write is synced to disk and searchable before it is acknowledged.
HELP
}

steps=ingest,search,mixed doors=binary,json,grpc,websocket points=10/36/1/4/16,100/100/4/16 mixed=10/36/200
ingest=base64 set=embed-1536 rows=100000 seconds=8 warm=4 serve='' data_dir='' work=/tmp/shaula-side-by-side port=18080
while [ $# -gt 0 ]; do
    case "$1" in
    --help | -h)
        usage
        exit
        ;;
    --steps | --doors | --points | --mixed | --ingest | --set | --rows | --seconds | --warm | --serve | --work | --port | --data-dir)
        name="${1#--}"
        printf -v "${name//-/_}" '%s' "${2?$1: a value is missing}"
        shift 2
        ;;
    *)
        echo "doors.sh: unknown option $1" >&2
        exit 2
        ;;
    esac
done

# shellcheck source=/dev/null
. "$root/.mvn/find-jdk25.sh"
jspecify="$(find "${HOME}/.m2" -name 'jspecify-1.0.0.jar' -print -quit)"
classes="$here/target/doors"
mkdir -p "$classes"
"$JAVA_HOME/bin/javac" -nowarn -proc:none -implicit:class -d "$classes" -cp "$jspecify" \
    -sourcepath "$here/src/main/java:$here/src/fixtures/java" "$here/src/main/java/dev/shaula/doors/DoorSpeed.java"

server=''
temporary=''
finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || :
        wait "$server" 2>/dev/null || :
    fi
    [ -z "$temporary" ] || rm -rf "$temporary"
}
trap finish EXIT
if [ -z "$data_dir" ]; then
    temporary="$(mktemp -d)"
    data_dir="$temporary"
fi
# shellcheck disable=SC2086
"$root/shaula" serve --port "$port" --data-dir "$data_dir" $serve >"$here/target/doors.log" 2>&1 &
server=$!
for _ in $(seq 600); do
    if curl -sfo /dev/null "http://127.0.0.1:$port/q/health/ready"; then break; fi
    kill -0 "$server" 2>/dev/null || {
        cat "$here/target/doors.log" >&2
        exit 1
    }
    sleep 0.2
done

# What the process holds: of its own (heap and native), of files, and of those the rows.
memory() {
    awk -v when="$1" '
        FILENAME ~ /status$/ && /^Rss(Anon|File)|^VmRSS/ { kb[$1] = $2 }
        FILENAME ~ /smaps$/ && /^[0-9a-f]+-[0-9a-f]+ / { rows = /\/rows$/ }
        FILENAME ~ /smaps$/ && /^Rss:/ && rows { of_rows += $2 }
        END {
            printf "resident %s: %.0f MB, of it anonymous %.0f, files %.0f (rows %.0f)\n", when, kb["VmRSS:"] / 1000 * 1.024,
                kb["RssAnon:"] / 1000 * 1.024, kb["RssFile:"] / 1000 * 1.024, of_rows / 1000 * 1.024
        }' "/proc/$server/status" "/proc/$server/smaps"
}

memory 'before the first request'
"$JAVA_HOME/bin/java" -Xmx3g -XX:+UseSerialGC -cp "$classes" dev.shaula.doors.DoorSpeed --port "$port" --pid "$server" \
    --data "$work/data" --set "$set" --steps "$steps" --doors "$doors" --points "$points" --mixed "$mixed" \
    --ingest "$ingest" --rows "$rows" --seconds "$seconds" --warm "$warm"
memory 'at the end'
curl -sf "http://127.0.0.1:$port/collections" || :
echo
