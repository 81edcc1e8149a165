#!/usr/bin/env bash
#
# Shaula's engine and its peers on the same vectors in one run. Fetches and compiles what is missing, then hands over to
# the driver in src/main/java/dev/shaula/sidebyside. See --help.

set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
root="$(dirname -- "$here")"

usage() {
    cat <<'HELP'
side-by-side.sh [OPTION VALUE]...       measure, then print tables
side-by-side.sh report DIRECTORY [cpu]  tables and curves of an earlier run; cpu: by processor time, for busy machines

What
  --sets LIST           mnist-784, sift-128 (files of --data), embed-D (100,000 x D from a seed) or embed-D-ROWS;
                        NAME-first-ROWS for a part of a stored set          [mnist-784,sift-128,embed-1536]
  --peers LIST          shaula, hnswlib, faiss-flat, faiss-sq8, usearch-f32, usearch-i8, lucene-f32, lucene-quantized
                        (or lucene-1bit, lucene-7bit), jvector; a native one also with -thp: in huge pages
                                                                        [all but those in brackets, hnswlib-thp]
  --quantization LIST   of Shaula, one line each: auto, none, int8, int4, bits                                  [auto]
  --quick               the first 10,000 rows of mnist-784, one repetition: minutes, says little
  --k LIST              results wanted                                                                      [10,100]
  --threads LIST        searching threads                                                                      [1,2]
  --builds WHEN         missing: index what no earlier run saved (Shaula: always, it saves nothing); always; only:
                        as missing, and measure nothing                                                    [missing]
  --build-threads LIST  every index is built once with each                                                    [1,2]
  --m N, --ef-construction N                                                                               [16, 200]
How long
  --repetitions N       in alternating order                                                                     [3]
  --point-ms N          time of one point of a curve                                                           [500]
  --warm-ms N           searches of each kind before the first point                                          [3000]
Where
  --data DIRECTORY      NAME.base.bvecs.gz, NAME.query.bvecs.gz, NAME.groundtruth.ivecs.gz        [../shared/data]
  --work DIRECTORY      programs, vectors, neighbours and indexes are kept here                [/tmp/shaula-side-by-side]
  --out DIRECTORY       tables (TSV), curves (SVG), report.md                                  [WORK/results/DATE-TIME]
  --install             fetch the Debian packages that are missing (apt-get, as root)

Peers that are not there are listed in the report with the reason. Needs a JDK 25; for the native peers g++ and the
Debian packages libhnswlib-dev, libfaiss-dev and libopenblas-dev, for usearch npm, for Lucene and JVector Maven Central.
HELP
}

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 2
}

# --- options ---------------------------------------------------------------------------------------------------------

sets=mnist-784,sift-128,embed-1536
peers=shaula,hnswlib,hnswlib-thp,faiss-flat,faiss-sq8,usearch-f32,usearch-i8,lucene-f32,lucene-quantized,jvector
quantization=auto
ks=10,100 threads=1,2 builds=missing build_threads=1,2 m=16 ef_construction=200
repetitions=3 point_ms=500 warm_ms=3000
data="$root/../shared/data" work=/tmp/shaula-side-by-side out='' install=no
command_line="$*"

if [ "${1-}" = report ]; then
    [ $# -ge 2 ] || die "report: expected a directory"
    report_of="$2" report_by="${3-clock}"
    set --
fi
while [ $# -gt 0 ]; do
    case "$1" in
    --help | -h) usage && exit 0 ;;
    --install) install=yes && shift && continue ;;
    --quick)
        sets=mnist-784-first-10000 repetitions=1 point_ms=100 warm_ms=1000 build_threads=2
        shift && continue
        ;;
    esac
    [ $# -ge 2 ] || die "$1: expected a value; --help tells"
    case "$1" in
    --sets) sets="$2" ;;
    --peers) peers="$2" ;;
    --quantization) quantization="$2" ;;
    --k) ks="$2" ;;
    --threads) threads="$2" ;;
    --builds) builds="$2" ;;
    --build-threads) build_threads="$2" ;;
    --m) m="$2" ;;
    --ef-construction) ef_construction="$2" ;;
    --repetitions) repetitions="$2" ;;
    --point-ms) point_ms="$2" ;;
    --warm-ms) warm_ms="$2" ;;
    --data) data="$2" ;;
    --work) work="$2" ;;
    --out) out="$2" ;;
    *) die "$1: no such option; --help tells" ;;
    esac
    shift 2
done
bin="$work/bin"
mkdir -p "$bin"
work="$(cd -- "$work" && pwd -P)"
bin="$work/bin"

# --- programs --------------------------------------------------------------------------------------------------------

# shellcheck source=../.mvn/find-jdk25.sh
. "$root/.mvn/find-jdk25.sh"

# Without the network first: a build that has all it needs should not depend on a server.
maven() { "$root/mvnw" -q -B -o "$@" >"$work/maven.log" 2>&1 || "$root/mvnw" -q -B "$@" >"$work/maven.log" 2>&1; }

# True when the file $1 is missing or older than one of the others.
older() {
    local target="$1" source
    shift
    [ -e "$target" ] || return 0
    for source in "$@"; do
        [ "$source" -ot "$target" ] || return 0
    done
    return 1
}

# A copy, so that a build meanwhile does not take the classes from under a run.
driver="$bin/driver"
compile_driver() {
    maven -f "$here/pom.xml" compile || die "the driver does not compile: $work/maven.log"
    rm -rf "$driver"
    mkdir -p "$driver/dev/shaula"
    cp -r "$here/target/classes/dev/shaula/sidebyside" "$here/target/classes/dev/shaula/fixtures" "$driver/dev/shaula"
}

# The flags of the server's JVM, from the launcher itself.
server_flags() {
    local common serve
    common="$(sed -n 's/^ *\(--add-modules=[^\\]*\).*/\1/p' "$root/shaula")"
    serve="$(sed -n 's/^ *flags="\([^$"]*\).*/\1/p' "$root/shaula" | head -n 1)"
    if [ -z "$common" ] || [ -z "$serve" ]; then
        die "the launcher's JVM flags were not found in $root/shaula"
    fi
    # shellcheck disable=SC2086
    echo $common $serve
}

# A command of few words: the class path is in a file.
java_peer() { # name, class path, main class
    printf -- '-cp "%s"\n' "$2" >"$bin/$1.args"
    echo "$JAVA_HOME/bin/java $(server_flags) @$bin/$1.args $3"
}

# Puts the reason why the peer at hand is absent into $absent.
missing() {
    absent="$*"
    return 1
}

make_shaula() {
    local classpath="$work/shaula.classpath"
    if older "$classpath" "$root/pom.xml"; then
        maven -f "$root/pom.xml" dependency:build-classpath "-Dmdep.outputFile=$classpath" \
            -Dmdep.includeScope=runtime || missing "Maven found no libraries: $(tail -n 1 "$work/maven.log")" || return
    fi
    rm -rf "$bin/shaula"
    mkdir -p "$bin/shaula"
    # From the sources, and of the engine only what the peer reaches: what is checked out is what is measured.
    "$JAVA_HOME/bin/javac" -proc:none -implicit:class -Xprefer:source --add-modules jdk.incubator.vector -nowarn \
        -d "$bin/shaula" -cp "$(cat "$classpath"):$driver" -sourcepath "$root/src/main/java" \
        "$here/src/peers/shaula/dev/shaula/shard/SnapshotPeer.java" >"$work/shaula.log" 2>&1 ||
        missing "does not compile: $work/shaula.log"
}

make_jvm_peer() { # name, class
    local name="$1" source="$here/src/peers/$1"
    if older "$bin/$name/lib" "$source/pom.xml"; then
        rm -rf "${bin:?}/$name"
        maven -f "$source/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$bin/$name/lib" ||
            missing "Maven found no libraries: $(tail -n 1 "$work/maven.log")" || return
    fi
    rm -rf "$bin/$name/classes"
    "$JAVA_HOME/bin/javac" -proc:none -nowarn -d "$bin/$name/classes" -cp "$bin/$name/lib/*:$driver" \
        "$source/dev/shaula/sidebyside/$name/$2.java" >"$work/$name.log" 2>&1 ||
        missing "does not compile: $work/$name.log"
}

jar_version() { find "$bin/$1/lib" -name "$2-*.jar" | sed -n "s/.*$2-\(.*\)\.jar/\1/p" | sed -n 1p; }

package_version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || printf 'of unknown version'; }

# Checks for a header, and brings its Debian packages if that was asked for.
need_header() {
    local header="$1"
    shift
    command -v g++ >/dev/null || missing "g++ is not installed" || return
    if [ ! -e "/usr/include/$header" ] && [ "$install" = yes ]; then
        {
            apt-get update -q
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
        } >"$work/apt.log" 2>&1 || say "apt-get failed: $work/apt.log"
    fi
    [ -e "/usr/include/$header" ] || missing "not installed; --install fetches $*"
}

compile_native() { # name, then what only this one needs
    local name="$1"
    shift
    older "$bin/$name" "$here/src/peers/native/$name.cpp" "$here/src/peers/native/peer.hpp" || return 0
    g++ -std=c++17 -O3 -march=native -o "$bin/$name" "$here/src/peers/native/$name.cpp" "$@" -lpthread \
        >"$work/$name.log" 2>&1 || missing "does not compile: $work/$name.log"
}

make_hnswlib() { need_header hnswlib/hnswlib.h libhnswlib-dev && compile_native hnswlib; }

# Debian's libfaiss is compiled for every x86-64 and has none of the vector instructions its code is written for. Its
# two files of distances are compiled again, from Debian's source, for this machine, and linked before the library's.
fetch_faiss_kernels() {
    local source="$work/faiss-source" file
    faiss_objects=()
    faiss_kernels='as Debian compiles it (its source could not be fetched)'
    if [ ! -e "$source/done" ]; then
        mkdir -p "$source/lists/partial"
        echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$source/list"
        local apt=(apt-get -q -o "Dir::Etc::sourcelist=$source/list" -o Dir::Etc::sourceparts=/dev/null
            -o "Dir::State::lists=$source/lists")
        (cd "$source" && "${apt[@]}" update && "${apt[@]}" source --download-only faiss && tar xzf faiss_*.orig.tar.gz || exit
            for file in impl/ScalarQuantizer utils/distances_simd; do
                (cd faiss-*/ && g++ -std=c++17 -O3 -march=native -fopenmp -DFINTEGER=int -I. -c "faiss/$file.cpp" \
                    -o "$source/$(basename "$file").o") || exit
            done
            touch "$source/done") >"$work/faiss-source.log" 2>&1 || return 0
    fi
    faiss_objects=("$source/ScalarQuantizer.o" "$source/distances_simd.o")
    faiss_kernels='its distances compiled for this machine'
}

make_faiss() {
    need_header faiss/IndexHNSW.h libfaiss-dev libopenblas-dev || return
    fetch_faiss_kernels
    compile_native faiss -fopenmp "${faiss_objects[@]}" -lfaiss -lopenblas
}

make_usearch() {
    local package="$work/npm/node_modules/usearch" file
    local flags=(-DNK_NATIVE_F16=0 -DNK_NATIVE_BF16=0 -DNK_DYNAMIC_DISPATCH=1)
    command -v npm >/dev/null || missing "npm is not installed" || return
    command -v g++ >/dev/null || missing "g++ is not installed" || return
    if [ ! -d "$package" ]; then
        mkdir -p "$work/npm"
        (cd "$work/npm" && npm install --ignore-scripts --no-audit --no-fund usearch) >"$work/npm.log" 2>&1 ||
            missing "npm: $(tail -n 1 "$work/npm.log")" || return
    fi
    if [ ! -e "$work/numkong/done" ]; then
        say "compiling the kernels of usearch: some minutes, once"
        mkdir -p "$work/numkong"
        [ -e "$package/numkong/nk_probes.h" ] || node "$package/numkong/probes/probe.js" >"$work/usearch.log" 2>&1 ||
            missing "its probe of the machine fails: $work/usearch.log" || return
        for file in "$package"/numkong/c/*.c; do
            gcc -std=c11 -O3 -w "${flags[@]}" -include "$package/numkong/nk_probes.h" -I"$package/numkong/include" \
                -c "$file" -o "$work/numkong/$(basename "$file" .c).o" >"$work/usearch.log" 2>&1 ||
                missing "its kernels do not compile: $work/usearch.log" || return
        done
        touch "$work/numkong/done"
    fi
    compile_native usearch -DUSEARCH_USE_NUMKONG=1 "${flags[@]}" -I"$package/include" -I"$package/numkong/include" \
        "$work"/numkong/*.o
}

make_lucene() { make_jvm_peer lucene LucenePeer; }
make_jvector() { make_jvm_peer jvector JVectorPeer; }

# --- peers -----------------------------------------------------------------------------------------------------------

declare -A made # library -> ok, or why it is absent

# Makes a library once.
library() {
    absent=''
    if [ -z "${made[$1]-}" ]; then
        if "make_$1"; then made[$1]=ok; else made[$1]="$absent"; fi
    fi
    absent="${made[$1]}"
    [ "$absent" = ok ]
}

# One line for the driver: name, index, description, command.
peer_line() {
    local name="$1" plain="${1%-thp}" library description='' run='' settings="M $m, efConstruction $ef_construction"
    library="${plain%%-*}"
    case "$plain" in
    shaula | hnswlib | jvector) ;;
    faiss-flat | faiss-sq8 | usearch-f32 | usearch-i8) ;;
    lucene-f32 | lucene-quantized | lucene-1bit | lucene-7bit) ;;
    *) die "--peers: no such peer: $name" ;;
    esac
    if ! library "$library"; then
        printf '%s\t%s\t%s\tabsent: %s\n' "$name" "$plain" - "$absent"
        return
    fi
    case "$plain" in
    hnswlib)
        description="hnswlib $(package_version libhnswlib-dev), float32, g++ -O3 -march=native"
        run="$bin/hnswlib"
        ;;
    faiss-*)
        fetch_faiss_kernels
        description="Faiss $(package_version libfaiss-dev), $faiss_kernels; ${plain#faiss-}"
        run="env OMP_WAIT_POLICY=passive $bin/faiss --variant ${plain#faiss-}"
        ;;
    usearch-*)
        description="usearch $(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$work/npm/node_modules/usearch/package.json" |
            sed -n 1p), its C++ and SIMD kernels; ${plain#usearch-}"
        run="$bin/usearch --variant ${plain#usearch-}"
        ;;
    lucene-*)
        description="Lucene $(jar_version lucene lucene-core), one segment; ${plain#lucene-}"
        run="$(java_peer lucene "$bin/lucene/classes:$bin/lucene/lib/*:$driver" dev.shaula.sidebyside.lucene.LucenePeer)"
        run="$run --variant ${plain#lucene-}"
        ;;
    jvector)
        description="JVector $(jar_version jvector jvector), fused PQ and NVQ"
        run="$(java_peer jvector "$bin/jvector/classes:$bin/jvector/lib/*:$driver" dev.shaula.sidebyside.jvector.JVectorPeer)"
        ;;
    esac
    if [ "$name" != "$plain" ]; then
        case "$library" in hnswlib | faiss | usearch) ;; *) die "--peers: only native peers have -thp, not $name" ;; esac
        description="$description; memory in huge pages (glibc.malloc.hugetlb=1)"
        run="env GLIBC_TUNABLES=glibc.malloc.hugetlb=1 ${run#env }"
    fi
    printf '%s\t%s\t%s; %s\t%s\n' "$name" "$plain" "$description" "$settings" "$run"
}

# Shaula: one line for each quantization.
shaula_lines() {
    local kind name run
    library shaula || {
        printf 'shaula\tshaula\t-\tabsent: %s\n' "$absent"
        return
    }
    run="$(java_peer shaula "$bin/shaula:$(cat "$work/shaula.classpath"):$driver" dev.shaula.shard.SnapshotPeer)"
    for kind in ${quantization//,/ }; do
        name=shaula
        [ "$kind" = auto ] || name="shaula-$kind"
        printf '%s\t%s\t%s\t%s\n' "$name" "$name" \
            "Shaula $(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD || echo ', changed'), quantization $kind; M $m, efConstruction $ef_construction" \
            "$run --quantization $kind"
    done
}

# --- machine ---------------------------------------------------------------------------------------------------------

facts() {
    local cpu
    cpu="$(sed -n 's/^model name.*: //p' /proc/cpuinfo | sed -n 1p)"
    echo "| what | |"
    echo "| --- | --- |"
    echo "| date, command | $(date -u +%F), \`benchmarks/side-by-side.sh $command_line\` |"
    echo "| processor | $(nproc) cores of $cpu, $(grep -o -w -E 'avx2|avx512f|avx512_vnni|avx512_vpopcntdq' /proc/cpuinfo | sort -u | tr '\n' ' ')|"
    echo "| caches | $(lscpu | sed -n 's/^L\(2\|3\) cache: */L\1 /p' | tr '\n' ' ')|"
    echo "| memory | $(awk '/MemTotal/ {printf "%.0f GB", $2 / 1048576}' /proc/meminfo), pages of $(getconf PAGESIZE) bytes, transparent huge pages: $(cat /sys/kernel/mm/transparent_hugepage/enabled) |"
    echo "| system | Linux $(uname -r), $(getconf GNU_LIBC_VERSION), g++ $(g++ -dumpfullversion 2>/dev/null || echo none) |"
    echo "| Java | $("$JAVA_HOME/bin/java" --version | sed -n 2p); \`$(server_flags)\` |"
    echo "| load average before | $(cut -d ' ' -f 1-3 /proc/loadavg) |"
    while IFS=$'\t' read -r name _ description _; do
        [ "$description" = - ] || echo "| $name | $description |"
    done <"$1"
}

# --- run -------------------------------------------------------------------------------------------------------------

run_driver() { "$JAVA_HOME/bin/java" -Xmx3g --enable-native-access=ALL-UNNAMED -cp "$driver" dev.shaula.sidebyside.SideBySide "$@"; }

compile_driver
if [ -n "${report_of-}" ]; then
    run_driver report "$report_of" "$report_by"
    exit
fi
out="${out:-$work/results/$(date -u +%Y%m%d-%H%M%S)}"
mkdir -p "$out"
out="$(cd -- "$out" && pwd -P)"
: >"$out/peers.tsv"
for peer in ${peers//,/ }; do
    if [ "$peer" = shaula ]; then shaula_lines; else peer_line "$peer"; fi >>"$out/peers.tsv"
done
facts "$out/peers.tsv" >"$out/machine.md"
run_driver measure --peers-file "$out/peers.tsv" --work "$work" --data "$data" --out "$out" --sets "$sets" --k "$ks" \
    --threads "$threads" --build-threads "$build_threads" --repetitions "$repetitions" --point-ms "$point_ms" \
    --warm-ms "$warm_ms" --m "$m" --ef-construction "$ef_construction" --builds "$builds"
echo "| load average after | $(cut -d ' ' -f 1-3 /proc/loadavg) |" >>"$out/machine.md"
[ "$builds" = only ] || run_driver report "$out" clock
say "everything is in $out"
