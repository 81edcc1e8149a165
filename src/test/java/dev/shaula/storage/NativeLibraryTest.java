package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In processes of their own, as a library is loaded once in a process. */
class NativeLibraryTest {
    private static final Path MAPPED_FILES = Path.of("/proc/self/maps");

    @TempDir
    Path data;

    @Test
    void shouldLoadTheLibraryUnpackedInTheDataDirectory() throws Exception {
        assumeTrue(Files.exists(MAPPED_FILES), "skipped: " + MAPPED_FILES + " is not there");
        assertThat(load()).isEqualTo("mapped");
        Path library = library();
        Object unpacked = Files.getAttribute(library, "unix:ino");
        assertThat(load()).isEqualTo("mapped");
        assertThat(Files.getAttribute(library, "unix:ino")).isEqualTo(unpacked);

        byte[] damaged = Files.readAllBytes(library);
        damaged[damaged.length / 2] ^= 1;
        Files.write(library, damaged);
        assertThat(load()).isEqualTo("mapped");
        assertThat(Files.getAttribute(library, "unix:ino")).isNotEqualTo(unpacked);
    }

    private Path library() throws Exception {
        try (Stream<Path> files = Files.list(data.resolve("native"))) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.getFirst();
        }
    }

    private String load() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Loader.class.getName(),
                        data.toRealPath().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (Stream<String> words = process.inputReader().lines()) {
            return words.reduce("", (before, word) -> word);
        } finally {
            process.waitFor();
        }
    }

    /** Opens a runtime and says whether the library in its directory is mapped. */
    static final class Loader {
        private Loader() {}

        @SuppressWarnings("SystemOut") // how the test learns it
        public static void main(String[] args) throws Exception {
            Path data = Path.of(args[0]);
            try (StorageRuntime runtime =
                    StorageRuntime.open(data, new StorageRuntime.Settings(1L << 20, 1L << 20, 1, 0))) {
                boolean mapped = Files.readString(MAPPED_FILES).contains(data.resolve("native") + "/");
                System.out.println(mapped && runtime.blockCache() != null ? "mapped" : "elsewhere");
            }
        }
    }
}
