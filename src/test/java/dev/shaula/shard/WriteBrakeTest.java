package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullMarked
class WriteBrakeTest {

    @Test
    void shouldNeverExceedItsRate() {
        WriteBrake brake = new WriteBrake(2_000);
        long start = System.nanoTime();
        for (int writes = 0; writes < 600; writes += 100) {
            brake.pause(100, System.nanoTime());
            assertThat((System.nanoTime() - start) / 1e9).isGreaterThanOrEqualTo((writes + 100) / 2_000.0 * 0.999);
        }
    }

    @Test
    void shouldNotCatchUpAfterAnIdleTime() throws Exception {
        WriteBrake brake = new WriteBrake(1_000);
        Thread.sleep(50); // the idle time itself, not a wait for something
        long start = System.nanoTime();
        brake.pause(40, start);
        assertThat((System.nanoTime() - start) / 1e6).isGreaterThanOrEqualTo(39.9);
    }

    @Test
    void shouldCountTheWorkOfABatchTowardsItsTime() throws Exception {
        WriteBrake brake = new WriteBrake(1_000);
        long started = System.nanoTime();
        Thread.sleep(2_000); // the work itself, for writes that may take 1.9 s
        long worked = System.nanoTime();
        brake.pause(1_900, started);
        assertThat((System.nanoTime() - worked) / 1e9).isLessThan(1);
    }

    @Test
    void shouldNotHoldWithoutARate() {
        WriteBrake free = new WriteBrake(0);
        assertThat(free.limit(1_024)).isEqualTo(1_024);
        free.pause(Integer.MAX_VALUE, System.nanoTime());
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "9, 1", "200, 20", "5000, 500", "1000000, 1024"})
    void shouldKeepBatchesToATenthOfASecond(int rate, int writes) {
        assertThat(new WriteBrake(rate).limit(1_024)).isEqualTo(writes);
    }
}
