package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class HangUpsIT {
    @Test
    void shouldStopSearchesWhoseClientsHangUp() throws Exception {
        HangUps.Report report = new HangUps(new HangUps.Settings(Path.of("shaula"), 20_000, 128, 4, 2, 1, false)).run();

        assertThat(report.cancelled()).isPositive();
        assertThat(report.left()).isPositive();
    }
}
