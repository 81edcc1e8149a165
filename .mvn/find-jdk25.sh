# Sets and exports JAVA_HOME to a JDK 25, or says what to install and exits with 1.
#
# Sourced by ../mvnw and ../shaula, so it is POSIX sh, works under "set -euf", and leaves nothing behind but
# JAVA_HOME and names that begin with jdk25_. The first JDK that fits wins: JAVA_HOME, the system's directories, SDKMAN, macOS,
# ~/.jdks, then whatever "java" on the PATH belongs to. A JAVA_HOME of another version is passed over, because the
# default Java of a machine is often an older one that other programs need.
#
# JDK25_ROOT is a prefix for the system's directories, so that a test can bring its own.

# Prints the feature version of the JDK in directory $1 (25 for 25.0.3): from its release file, which costs no
# process, else by asking it. Prints nothing when there is no telling.
jdk25_feature() {
  if [ -r "$1/release" ]; then
    while IFS= read -r jdk25_line || [ -n "$jdk25_line" ]; do
      case "$jdk25_line" in
      JAVA_VERSION=*)
        jdk25_line="${jdk25_line#JAVA_VERSION=}"
        jdk25_line="${jdk25_line#\"}"
        printf '%s\n' "${jdk25_line%%[!0-9]*}"
        return 0
        ;;
      esac
    done <"$1/release"
  fi
  "$1/bin/java" -version 2>&1 </dev/null | sed -n 's/^.* version "\([0-9]*\).*$/\1/p' | sed -n 1p
}

# A JRE has no javac and cannot build.
jdk25_fits() {
  [ -n "$1" ] && [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ "$(jdk25_feature "$1")" = 25 ]
}

# Prints the first argument that is a JDK 25; fails when none is.
jdk25_first() {
  for jdk25_candidate in "$@"; do
    if jdk25_fits "$jdk25_candidate"; then
      printf '%s\n' "$jdk25_candidate"
      return 0
    fi
  done
  return 1
}

# The home of the "java" on the PATH. It is asked rather than resolved as a link: asdf, mise and jenv put scripts there.
jdk25_of_path() {
  command -v java >/dev/null 2>&1 || return 0
  java -XshowSettings:properties -version 2>&1 </dev/null | sed -n 's/^ *java\.home = //p'
}

jdk25_of_macos() {
  [ ! -x "${JDK25_ROOT-}/usr/libexec/java_home" ] ||
    "${JDK25_ROOT-}/usr/libexec/java_home" -v 25 2>/dev/null || :
}

jdk25_find() {
  set +f # the caller may have switched globbing off
  jdk25_first "${JAVA_HOME-}" "${JDK25_ROOT-}"/usr/lib/jvm/* "${JDK25_ROOT-}"/usr/lib64/jvm/* \
    "${JDK25_ROOT-}"/usr/java/* "${JDK25_ROOT-}"/opt/java/* \
    "${SDKMAN_DIR:-${HOME-}/.sdkman}"/candidates/java/* ||
    jdk25_first "$(jdk25_of_macos)" "${JDK25_ROOT-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
      "${HOME-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
      "${JDK25_ROOT-}"/opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home \
      "${JDK25_ROOT-}"/usr/local/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home \
      "${HOME-}"/.jdks/* ||
    jdk25_first "$(jdk25_of_path)"
}

jdk25_missing() {
  cat >&2 <<END
Shaula needs a full JDK 25 (with javac), and none was found.
  JAVA_HOME is ${JAVA_HOME:-not set}; also looked in /usr/lib/jvm, ~/.sdkman, ~/.jdks, the places of macOS, and the PATH.
Install Temurin 25, for example:
  Debian, Ubuntu   apt-get install temurin-25-jdk   (from packages.adoptium.net; or openjdk-25-jdk where it exists)
  Fedora           dnf install java-25-openjdk-devel
  SDKMAN           sdk install java 25-tem
  macOS            brew install --cask temurin@25
  by hand          https://adoptium.net/temurin/releases/?version=25, then set JAVA_HOME to its directory
END
}

# In a subshell: the search changes shell options and must not change the caller's.
if jdk25_home="$(jdk25_find)"; then
  JAVA_HOME="$jdk25_home"
  export JAVA_HOME
else
  jdk25_missing
  exit 1
fi
