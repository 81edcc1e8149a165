package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node is killed again and again while it is written to; whatever it acknowledged must be there. The long form:
 * {@code ./mvnw test -Dtest=CrashTest -Dcrash.kills=200}, and {@code -Dcrash.seed=...} for a run again. With
 * {@code -Dcrash.service=true} what is killed is {@code ./shaula serve}, of a build that must be there, and the clients
 * speak HTTP.
 */
class CrashTest {
    private static final int KILLS = Integer.getInteger("crash.kills", 8);
    private static final boolean SERVICE = Boolean.getBoolean("crash.service");
    private static final long SEED = Long.getLong("crash.seed", System.nanoTime());
    /** A fresh directory after so many: with more tombstones the shards would scan, and no graph would be compared. */
    private static final int KILLS_PER_ROUND = 6;

    @TempDir
    Path directory;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void shouldHoldEveryAcknowledgedWriteAfterEveryKill() throws Exception {
        System.out.println("CrashTest seed = " + SEED);
        int done = 0;
        for (int round = 0; done < KILLS; round++) {
            Path home = Files.createDirectory(directory.resolve("round-" + round));
            int kills = Math.min(KILLS_PER_ROUND, KILLS - done);
            CrashRound.Figures figures = new CrashRound(home, SEED + round, SERVICE).run(kills);
            done += kills;
            System.out.println("CrashTest " + done + "/" + KILLS + ": " + figures);
            assertThat(figures.recall()).isGreaterThanOrEqualTo(figures.uninterrupted() - 0.005);
            delete(home);
        }
    }

    private static void delete(Path home) throws Exception {
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
