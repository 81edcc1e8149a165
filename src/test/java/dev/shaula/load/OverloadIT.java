package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OverloadIT {
    private static final int WRITERS = 20;

    /** Few seconds and no judgement of times; the long form, by hand, has both. */
    @Test
    void shouldTakeWhatItCanFromGreedyWritersOverEveryDoorAndLoseNothing() throws Exception {
        Overload.Report report =
                new Overload(new Overload.Settings(Path.of("shaula"), WRITERS, 20, 64, 128, 64, 6, 1, 10)).run();

        assertThat(report.overload().rowsPerSecond()).isPositive();
        assertThat(report.overload().admittedP99()).isPositive();
        assertThat(report.timeOuts()).isZero();
    }
}
