package dev.shaula.cli;

import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * The training run of the launcher's AOT cache (JEP 483, 514): the real service on a free port and an empty directory of
 * its own, asked for one of everything by {@link Rehearsal}, and stopped. Not listed, as nobody needs it by hand.
 */
@Command(
        name = "rehearse",
        hidden = true,
        description = "Start the service on an empty directory, ask it for one of everything, and stop.")
final class RehearseCommand implements Callable<Integer> {
    @Override
    public Integer call() throws IOException {
        Path data = Files.createTempDirectory("shaula-rehearsal");
        try {
            Map.of("quarkus.http.host", "127.0.0.1", "quarkus.http.port", "0", "shaula.data-dir", data.toString())
                    .forEach(System::setProperty);
            AtomicInteger exitCode = new AtomicInteger();
            Quarkus.run(Rehearsal.class, (code, failure) -> {
                exitCode.set(code);
                if (failure != null) {
                    throw new IllegalStateException("the rehearsal failed", failure);
                }
            });
            return exitCode.get();
        } finally {
            delete(data);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
