#!/bin/sh
# Greedy writers over every door against a server of 512 MB, ten minutes; see README.md. Properties as -Dname=value.
cd "$(dirname -- "$0")" || exit 1
exec ../mvnw -f pom.xml -q test-compile exec:java -Dexec.mainClass=dev.shaula.load.Overload "$@"
