package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SlowReadersIT {
    private static final long MOST = 3 << 20;

    /**
     * Five of each kind. What one may cost is less than half of the 7 MiB that each asks for; what a server of this size holds
     * changes by a good part of it between two looks, as rows are written anew all the time.
     */
    @Test
    void shouldNotGrowForClientsThatReadSlowlyOverAnyDoor() throws Exception {
        SlowReaders.Report report =
                new SlowReaders(new SlowReaders.Settings(Path.of("shaula"), 5_000, 128, 5, 5, 128, MOST)).run();

        assertThat(report.during()).isPositive();
    }
}
