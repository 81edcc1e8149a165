package dev.shaula.simd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.memory.NativeMemory;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernels at vector widths other than this JVM's, each in a JVM of its own. */
class KernelWidthsTest {
    private static final Pattern OUTPUT = Pattern.compile("lanes=(\\d+) digest=(-?\\d+)");

    private record Probe(int lanes, int digest) {}

    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64})
    void shouldAgreeWithScalarTwinsAtEveryVectorWidth(int bytes) throws Exception {
        Probe probe = probe(List.of("-XX:MaxVectorSize=" + bytes), List.of());
        assertThat(probe.lanes()).isEqualTo(Math.min(bytes / 4, FloatKernels.lanes()));
    }

    @Test
    void shouldGiveTheSameBitsInterpretedAndCompiled() throws Exception {
        // The promise that the same input gives the same graph rests on it: a graph is a long chain of comparisons,
        // and a replay on a cold JVM must not decide one of them differently.
        Probe interpreted = probe(List.of("-Xint"), List.of());
        Probe compiled = probe(List.of(), List.of("hot"));
        assertThat(compiled).isEqualTo(interpreted);
    }

    private static Probe probe(List<String> flags, List<String> args)
            throws IOException, InterruptedException, URISyntaxException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx128m", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath(), KernelProbe.class.getName()));
        command.addAll(args);
        File output = File.createTempFile("kernel-probe", ".txt");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output)
                    .start();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            process.destroyForcibly();
            String text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
            assertThat(ended).as("%s ended in time: %s", command, text).isTrue();
            Matcher matcher = OUTPUT.matcher(text);
            assertThat(matcher.find()).as("%s: %s", command, text).isTrue();
            return new Probe(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        } finally {
            assertThat(output.delete()).isTrue();
        }
    }

    private static String classPath() throws URISyntaxException {
        List<Path> places = new ArrayList<>();
        for (Class<?> type : List.of(FloatKernels.class, NativeMemory.class, KernelProbe.class)) {
            places.add(Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI()));
        }
        return places.stream().distinct().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
}
