package dev.shaula.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadlineTest {
    @ParameterizedTest
    @CsvSource({
        "1H, 3600000", "2M, 120000", "3S, 3000", "45m, 45", "0m, 1", "1u, 1", "1001u, 2", "2000001n, 3",
        "99999999H, 31536000000", "'', 0", "5, 0", "S, 0", "-1S, 0", "123456789S, 0", "1.5S, 0", "1x, 0"
    })
    void shouldReadTimesAsTheProtocolWritesThem(String header, long millis) {
        assertThat(Deadline.millis(header)).isEqualTo(millis);
    }
}
