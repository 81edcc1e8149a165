package dev.shaula.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecallMeterTest {
    private final RecallMeter meter = new RecallMeter();

    @Test
    void shouldGiveTheMeanOverAllAnswers() {
        Set<String> truth = RecallMeter.ids(new int[] {3, 1, 4, 15});

        meter.record(List.of("1", "3", "15", "4"), truth);
        meter.record(List.of("1", "9", "26", "4"), truth);

        assertThat(meter.mean()).isEqualTo(0.75);
    }

    @Test
    void shouldCountAnIdThatIsGivenTwiceOnce() {
        meter.record(List.of("3", "3"), RecallMeter.ids(new int[] {3, 1}));

        assertThat(meter.mean()).isEqualTo(0.5);
    }

    @Test
    void shouldNotPassAnyFloorWithoutAnswers() {
        assertThat(meter.mean() >= 0).isFalse();
    }
}
