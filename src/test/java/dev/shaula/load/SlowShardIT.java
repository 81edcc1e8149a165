package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SlowShardIT {
    private static final int WRITERS = 100;

    /**
     * The rows of all writers are more than may be in flight, so that some must wait in their sockets; and their turns are
     * farther apart than an idle connection may live.
     */
    @Test
    void shouldSlowAHundredWritersInASmallHeapAndLoseNothing() throws Exception {
        SlowShard.Report report =
                new SlowShard(new SlowShard.Settings(Path.of("shaula"), WRITERS, 40, 384, 160, 64, 2)).run();

        assertThat(report.inFlight()).isPositive().isLessThanOrEqualTo(report.budget());
        assertThat(report.queued()).isLessThanOrEqualTo(report.inFlight());
        assertThat(report.waiting()).as("senders that the budget slowed").isPositive();
        assertThat(report.longestWaitSeconds()).isGreaterThan(2);
    }
}
