package dev.shaula;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the real launchers in a made-up machine: a checkout, a home and JDKs in a directory with spaces in its name, with
 * a PATH that leads to the few tools they need and to no Java. Only Maven and {@code java} are scripts of this test.
 */
@NullMarked
@DisabledOnOs(OS.WINDOWS)
class LaunchersTest {
    private static final List<String> TOOLS = List.of(
            "sh",
            "dirname",
            "basename",
            "uname",
            "sed",
            "tr",
            "cat",
            "grep",
            "mkdir",
            "rm",
            "mv",
            "ln",
            "find",
            "touch",
            "tail",
            "readlink",
            "sleep");

    /** Maven's stand-in: counts its runs, shows where it ran and on which JDK, and leaves a jar. */
    private static final String MAVEN_THAT_BUILDS = """
            echo run >>"$BUILDS"
            echo "[INFO] --- compiler:3.14.1:compile (default-compile) @ shaula ---"
            echo "maven $* on $JAVA_HOME in $PWD"
            mkdir -p target/quarkus-app
            touch target/quarkus-app/quarkus-run.jar
            """;

    /** The JVM's stand-in: writes a cache and counts it, or shows what it was called with. */
    private static final String JAVA_THAT_TRAINS = """
            for a in "$@"; do
              case "$a" in
              -XX:AOTCache=*.new) echo trained >>"$BUILDS"; echo cache >"${a#*=}" ;;
              *) echo "arg $a" ;;
              esac
            done
            """;

    @TempDir
    private Path temp;

    private Path machine;
    private Path checkout;
    private Path home;
    private Path tools;

    @BeforeEach
    void makeMachine() throws IOException {
        machine = Files.createDirectories(temp.toRealPath().resolve("a machine"));
        home = Files.createDirectories(machine.resolve("home of a user"));
        tools = Files.createDirectories(machine.resolve("tools"));
        for (String tool : TOOLS) {
            script(tools.resolve(tool), "exec " + locate(tool) + " \"$@\"");
        }
        checkout = Files.createDirectories(machine.resolve("check out"));
        copy(".mvn/find-jdk25.sh");
        copy(".mvn/wrapper/maven-wrapper.properties");
        copy("mvnw");
        copy("shaula");
        Files.createDirectories(checkout.resolve("src/main"));
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
    }

    // ---- the finder ----

    @Test
    void shouldTakeJavaHomeWhenItIsAJdk25() throws Exception {
        Path wanted = jdk("opt/a jdk", "25.0.3");
        jdk("usr/lib/jvm/temurin-25", "25.0.3");

        assertThat(find(Map.of("JAVA_HOME", wanted.toString()))).isEqualTo(wanted.toString());
    }

    @Test
    void shouldPassOverAJavaHomeOfAnotherVersion() throws Exception {
        Path seventeen = jdk("usr/lib/jvm/java-17", "17.0.15");
        jdk("usr/lib/jvm/java-250", "250.0.1");
        jdk("usr/lib/jvm/java-8", "1.8.0_25");
        Path wanted = jdk("usr/lib/jvm/temurin 25", "25.0.3");

        assertThat(find(Map.of("JAVA_HOME", seventeen.toString()))).isEqualTo(wanted.toString());
    }

    @Test
    void shouldPassOverAJavaHomeThatDoesNotExist() throws Exception {
        Path wanted = jdk("usr/lib/jvm/temurin-25", "25");

        assertThat(find(Map.of("JAVA_HOME", "/no/such/place"))).isEqualTo(wanted.toString());
    }

    @Test
    void shouldPassOverAJreWithoutCompiler() throws Exception {
        Path jre = jdk("usr/lib/jvm/a-jre-25", "25.0.3");
        Files.delete(jre.resolve("bin/javac"));
        Path wanted = jdk("usr/lib/jvm/b-jdk-25", "25.0.3");

        assertThat(find(Map.of())).isEqualTo(wanted.toString());
    }

    @Test
    void shouldFindTheJdksOfSdkmanMacosAndTheHomeDirectory() throws Exception {
        for (String place : List.of(
                "home of a user/.sdkman/candidates/java/25-tem",
                "home of a user/.jdks/temurin-25",
                "home of a user/Library/Java/JavaVirtualMachines/temurin-25.jdk/Contents/Home",
                "Library/Java/JavaVirtualMachines/temurin-25.jdk/Contents/Home",
                "opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home")) {
            Path wanted = jdk(place, "25.0.3");
            assertThat(find(Map.of())).isEqualTo(wanted.toString());
            Files.delete(wanted.resolve("bin/javac"));
        }
    }

    @Test
    void shouldBelieveWhatMacosSays() throws Exception {
        Path wanted = jdk("somewhere else", "25.0.3");
        script(machine.resolve("usr/libexec/java_home"), "[ \"$*\" = '-v 25' ] && echo '" + wanted + "'");

        assertThat(find(Map.of())).isEqualTo(wanted.toString());
    }

    @Test
    void shouldAskJavaItselfWhenThereIsNoReleaseFile() throws Exception {
        Path seventeen = jdk("usr/lib/jvm/a-17", "17.0.15");
        Path wanted = jdk("usr/lib/jvm/b-25", "25.0.3");
        for (Path jdk : List.of(seventeen, wanted)) {
            Files.delete(jdk.resolve("release"));
        }
        script(seventeen.resolve("bin/java"), "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2");
        script(wanted.resolve("bin/java"), "echo 'openjdk version \"25.0.3\" 2026-04-21' >&2");

        assertThat(find(Map.of())).isEqualTo(wanted.toString());
    }

    @Test
    void shouldFindTheJdkThatJavaOnThePathBelongsTo() throws Exception {
        Path wanted = jdk("somewhere else", "25.0.3");
        script(tools.resolve("java"), "echo '    java.home = " + wanted + "' >&2");

        assertThat(find(Map.of())).isEqualTo(wanted.toString());
    }

    @Test
    void shouldSayWhatToInstallWhenThereIsNoJdk25() throws Exception {
        Path seventeen = jdk("usr/lib/jvm/java-17", "17.0.15");
        script(tools.resolve("java"), "echo '    java.home = " + seventeen + "' >&2");

        for (String launcher : List.of("mvnw", "shaula")) {
            Run run = run(machine, Map.of("JAVA_HOME", seventeen.toString()), checkout.resolve(launcher), "--help");
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.out()).isEmpty();
            assertThat(run.err())
                    .contains("needs a full JDK 25", "JAVA_HOME is " + seventeen)
                    .contains("apt-get install temurin-25-jdk", "sdk install java 25-tem", "brew install");
        }
        assertThat(checkout.resolve("target")).doesNotExist();
    }

    // ---- mvnw ----

    @Test
    void shouldRunMavenOnTheJdkFound() throws Exception {
        Path seventeen = jdk("usr/lib/jvm/java-17", "17.0.15");
        Path wanted = jdk("usr/lib/jvm/temurin 25", "25.0.3");
        script(installedMaven().resolve("bin/mvn"), "echo \"maven $* on $JAVA_HOME in $PWD\"");

        Run run = run(home, Map.of("JAVA_HOME", seventeen.toString()), checkout.resolve("mvnw"), "-B", "verify");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo("maven -B verify on " + wanted + " in " + home + "\n");
    }

    // ---- shaula ----

    @Test
    void shouldBuildOnFirstUseOnly() throws Exception {
        Path wanted = jdk("usr/lib/jvm/temurin 25", "25.0.3");
        script(checkout.resolve("mvnw"), MAVEN_THAT_BUILDS);

        Run first = shaula(Map.of(), "--help");
        Run second = shaula(Map.of(), "--help");

        assertThat(first.status()).as(first.err()).isZero();
        assertThat(first.err()).contains("Building Shaula", "compiling");
        assertThat(Files.readString(checkout.resolve("target/shaula-build.log")))
                .contains("maven -B -DskipTests package on " + wanted + " in " + checkout);
        assertThat(second.status()).isZero();
        assertThat(second.err()).isEmpty();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void shouldBuildAgainWhenSomethingChanged() throws Exception {
        jdk("usr/lib/jvm/temurin-25", "25.0.3");
        script(checkout.resolve("mvnw"), MAVEN_THAT_BUILDS);
        Path source = Files.writeString(checkout.resolve("src/main/A.java"), "class A {}");
        shaula(Map.of());

        for (Path changed : List.of(source, checkout.resolve("pom.xml"), checkout.resolve("src/main"))) {
            int before = builds();
            Files.setLastModifiedTime(changed, FileTime.from(Instant.now().plusSeconds(60)));
            assertThat(shaula(Map.of("SHAULA_BUILD", "never")).status()).isZero();
            assertThat(builds()).as("builds forbidden, %s changed", changed).isEqualTo(before);
            shaula(Map.of());
            assertThat(builds()).as("builds after a change of %s", changed).isEqualTo(before + 1);
            Files.setLastModifiedTime(changed, FileTime.from(Instant.now().minusSeconds(60)));
        }
    }

    @Test
    void shouldShowTheEndOfTheLogWhenTheBuildFails() throws Exception {
        jdk("usr/lib/jvm/temurin-25", "25.0.3");
        script(checkout.resolve("mvnw"), "echo '[ERROR] cannot find symbol'\nexit 7");

        Run run = shaula(Map.of(), "serve");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("The build failed", "[ERROR] cannot find symbol");
        assertThat(Files.exists(checkout.resolve("target/shaula-build.lock"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void shouldBuildOnceWhenTwoCommandsStartTogether() throws Exception {
        jdk("usr/lib/jvm/temurin-25", "25.0.3");
        Path said = machine.resolve("second.err");
        script(
                checkout.resolve("mvnw"),
                "echo run >>\"$BUILDS\"\nuntil grep -q 'Waiting for the build' '" + said + "'; do sleep 0.05; done\n"
                        + MAVEN_THAT_BUILDS.replace("echo run >>\"$BUILDS\"\n", ""));

        Process first = start(machine, Map.of(), machine.resolve("first.err"), List.of(shaulaPath(), "a"));
        try {
            awaitBuild(first);
            Process second = start(machine, Map.of(), said, List.of(shaulaPath(), "b"));
            assertThat(finish(second, said).status()).isZero();
            assertThat(finish(first, machine.resolve("first.err")).status()).isZero();
        } finally {
            first.destroyForcibly();
        }
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void shouldTakeOverTheLockOfABuildThatDied() throws Exception {
        jdk("usr/lib/jvm/temurin-25", "25.0.3");
        script(checkout.resolve("mvnw"), MAVEN_THAT_BUILDS);
        Process dead = start(
                machine,
                Map.of(),
                machine.resolve("dead.err"),
                List.of(tools.resolve("uname").toString()));
        finish(dead, machine.resolve("dead.err"));
        Files.createDirectories(checkout.resolve("target"));
        Files.createSymbolicLink(checkout.resolve("target/shaula-build.lock"), Path.of(Long.toString(dead.pid())));

        assertThat(shaula(Map.of()).status()).isZero();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void shouldBecomeTheJvmInTheCallersDirectoryWhenCalledThroughALink() throws Exception {
        built();
        Path link = Files.createSymbolicLink(tools.resolve("shaula"), checkout.resolve("shaula"));
        Path again = Files.createSymbolicLink(home.resolve("my shaula"), home.relativize(link));

        Run run = run(home, Map.of(), again, "import", "my vectors.fvecs", "*");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains("pid " + run.pid() + "\n", "in " + home + "\n");
        assertThat(run.args()).endsWith("-jar", jar().toString(), "import", "my vectors.fvecs", "*");
    }

    @Test
    void shouldGiveTheEngineWhatItNeedsAndLetTheUsersFlagsWin() throws Exception {
        built();
        Map<String, String> env = Map.of("SHAULA_HEAP", "3g", "SHAULA_JAVA_OPTS", "-Xmx2g -Da=*");

        Run server = shaula(env, "serve", "--port", "9000");
        Run client = shaula(env, "query");

        assertThat(server.args())
                .contains("--add-modules=jdk.incubator.vector", "-XX:+ExitOnOutOfMemoryError")
                .containsSubsequence(
                        "-XX:G1PeriodicGCInterval=30000",
                        "-Xmx3g",
                        "-Xmx2g",
                        "-Da=*",
                        "-jar",
                        jar().toString(),
                        "serve",
                        "--port",
                        "9000");
        assertThat(client.args()).contains("--add-modules=jdk.incubator.vector").doesNotContain("-Xmx3g");
    }

    @Test
    void shouldTrainOnceForEachBuildAndStartFromTheCache() throws Exception {
        Path jdk = built();
        script(jdk.resolve("bin/java"), JAVA_THAT_TRAINS);

        Run first = shaula(Map.of(), "serve");
        Run second = shaula(Map.of(), "serve");

        String cache = "-XX:AOTCache=" + checkout.resolve("target/shaula.aot");
        assertThat(first.err()).contains("Preparing fast starts");
        assertThat(first.args()).containsSubsequence(cache, "-jar", jar().toString(), "serve");
        assertThat(second.err()).isEmpty();
        assertThat(second.args()).contains(cache);
        assertThat(shaula(Map.of(), "query").args()).doesNotContain(cache);
        assertThat(trainings()).isEqualTo(1);

        Files.setLastModifiedTime(jar(), FileTime.from(Instant.now().plusSeconds(120)));
        assertThat(shaula(Map.of("SHAULA_BUILD", "never"), "serve").status()).isZero();
        assertThat(trainings()).isEqualTo(1);
        assertThat(shaula(Map.of(), "serve").args()).contains(cache);
        assertThat(trainings()).isEqualTo(2);
    }

    @Test
    void shouldStartWithoutACacheWhenTrainingFails() throws Exception {
        Path jdk = built();
        script(jdk.resolve("bin/java"), JAVA_THAT_TRAINS.replace("echo trained >>\"$BUILDS\"", "exit 3"));

        Run first = shaula(Map.of(), "serve");
        Run second = shaula(Map.of(), "serve");

        assertThat(first.status()).isZero();
        assertThat(first.err()).contains("That did not work", "shaula.aot.log");
        assertThat(first.args()).endsWith("serve").noneMatch(arg -> arg.contains("AOT"));
        assertThat(second.err()).isEmpty();
        assertThat(second.args()).noneMatch(arg -> arg.contains("AOT"));
    }

    @Test
    void shouldPassOnTheExitStatusOfTheJvm() throws Exception {
        Path jdk = built();
        script(jdk.resolve("bin/java"), "exit 42");

        assertThat(shaula(Map.of(), "eval").status()).isEqualTo(42);
    }

    // ---- the made-up machine ----

    private record Run(int status, String out, String err, long pid) {
        /** What the stand-in of {@code java} was called with. */
        List<String> args() {
            return out.lines()
                    .filter(line -> line.startsWith("arg "))
                    .map(line -> line.substring(4))
                    .toList();
        }
    }

    /** A checkout that is built, on a JDK whose {@code java} shows what it was called with. */
    private Path built() throws IOException {
        Path jdk = jdk("usr/lib/jvm/temurin 25", "25.0.3");
        Files.createDirectories(jar().getParent());
        Files.createFile(jar());
        return jdk;
    }

    private Path jdk(String place, String version) throws IOException {
        Path jdk = Files.createDirectories(machine.resolve(place));
        Files.writeString(
                jdk.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"%s\"\nX=\"y\"\n".formatted(version));
        script(jdk.resolve("bin/java"), "echo \"pid $$\"; echo \"in $PWD\"; for a in \"$@\"; do echo \"arg $a\"; done");
        script(jdk.resolve("bin/javac"), "exit 1");
        return jdk;
    }

    /** Where the wrapper expects the distribution named in its properties: under the hash of the address. */
    private Path installedMaven() throws IOException {
        String url = Files.readAllLines(checkout.resolve(".mvn/wrapper/maven-wrapper.properties")).stream()
                .filter(line -> line.startsWith("distributionUrl="))
                .map(line -> line.substring("distributionUrl=".length()))
                .findFirst()
                .orElseThrow();
        String name = url.substring(url.lastIndexOf('/') + 1).replace("-bin.zip", "");
        return home.resolve(".m2/wrapper/dists").resolve(name).resolve(Integer.toHexString(url.hashCode()));
    }

    private Path jar() {
        return checkout.resolve("target/quarkus-app/quarkus-run.jar");
    }

    private String shaulaPath() {
        return checkout.resolve("shaula").toString();
    }

    private int builds() throws IOException {
        Path counted = machine.resolve("builds");
        return Files.exists(counted) ? Files.readAllLines(counted).size() : 0;
    }

    private long trainings() throws IOException {
        Path counted = machine.resolve("builds");
        return Files.readAllLines(counted).stream().filter("trained"::equals).count();
    }

    private void awaitBuild(Process builder) throws Exception {
        while (builds() == 0) {
            assertThat(builder.isAlive()).as("the first command is building").isTrue();
            Thread.onSpinWait();
        }
    }

    private String find(Map<String, String> env) throws Exception {
        // The options of mvnw, the stricter of the two callers.
        Run run = run(
                machine,
                env,
                tools.resolve("sh"),
                "-c",
                "set -euf; . \"$1\"; case $- in *f*) ;; *) exit 3 ;; esac; echo \"$JAVA_HOME\"",
                "sh",
                checkout.resolve(".mvn/find-jdk25.sh").toString());
        assertThat(run.status()).as(run.err()).isZero();
        return run.out().stripTrailing();
    }

    private Run shaula(Map<String, String> env, String... args) throws Exception {
        return run(machine, env, checkout.resolve("shaula"), args);
    }

    private Run run(Path directory, Map<String, String> env, Path program, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(Arrays.asList(args));
        Path err = Files.createTempFile(machine, "run", ".err");
        return finish(start(directory, env, err, command), err);
    }

    private Process start(Path directory, Map<String, String> env, Path err, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(err.toFile())
                .redirectOutput(outOf(err).toFile());
        Map<String, String> all = new HashMap<>(Map.of(
                "PATH", tools.toString(),
                "HOME", home.toString(),
                "JDK25_ROOT", machine.toString(),
                "BUILDS", machine.resolve("builds").toString()));
        all.putAll(env);
        builder.environment().clear();
        builder.environment().putAll(all);
        return builder.start();
    }

    private static Run finish(Process process, Path err) throws Exception {
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Run(process.exitValue(), Files.readString(outOf(err)), Files.readString(err), process.pid());
    }

    private static Path outOf(Path err) {
        return Path.of(err + ".out");
    }

    private void copy(String file) throws IOException {
        Path target = checkout.resolve(file);
        Files.createDirectories(target.getParent());
        Files.copy(Path.of(file), target, StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static void script(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path locate(String tool) {
        Optional<Path> found = Stream.of("/bin", "/usr/bin")
                .map(directory -> Path.of(directory, tool))
                .filter(Files::isExecutable)
                .findFirst();
        return found.orElseThrow(() -> new AssertionError("no " + tool + " in /bin or /usr/bin"));
    }
}
