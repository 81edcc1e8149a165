package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SlowReadersIT {
    private static final long MIB = 1 << 20;

    /** Five of each kind; what one may cost is far less than the collection that each of them asks for. */
    @Test
    void shouldNotGrowForClientsThatReadSlowlyOverAnyDoor() throws Exception {
        SlowReaders.Report report =
                new SlowReaders(new SlowReaders.Settings(Path.of("shaula"), 5_000, 64, 5, 5, 128, MIB)).run();

        assertThat(report.during()).isPositive();
    }
}
