#!/bin/sh
#
# Writes the AOT cache of the server in the current directory: train-aot.sh JAVA CACHE [PORT]
#
# The training run starts the server, asks for its health until it is ready, and stops it with SIGTERM; the JVM writes
# the cache (classes in loaded form, profiles of methods) as it ends. The cache fits this JDK, these jars at these
# paths, and these flags; a JVM for which it does not fit says so and starts without it.

set -eu
java="$1"
cache="$2"
port="${3:-18080}"
data="$(mktemp -d)"

QUARKUS_HTTP_PORT="$port" "$java" \
  --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  -XX:AOTCacheOutput="$cache" -jar "$PWD/quarkus-run.jar" serve --port "$port" --data-dir "$data" &
server=$!
trap 'kill "$server" 2>/dev/null || :; rm -rf "$data"' EXIT

tries=0
until curl -fsS -o /dev/null "http://127.0.0.1:$port/q/health/ready" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then
    echo "The server did not become ready on port $port." >&2
    exit 1
  fi
  sleep 0.1
done

kill -TERM "$server"
wait "$server" || : # 143: ended by SIGTERM
[ -s "$cache" ] || { echo "No cache was written to $cache." >&2; exit 1; }
