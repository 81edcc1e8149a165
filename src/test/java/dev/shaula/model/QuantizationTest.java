package dev.shaula.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizationTest {

    @ParameterizedTest
    @CsvSource({"1, INT8", "127, INT8", "128, INT4", "383, INT4", "384, BITS", "65535, BITS"})
    void shouldChooseCodesByTheNumberOfDimensionsUnlessSomeAreAskedFor(int dimensions, Quantization chosen) {
        assertThat(Quantization.AUTO.resolve(dimensions)).isEqualTo(chosen);
    }

    @ParameterizedTest
    @EnumSource(value = Quantization.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldTakeAKindThatWasAskedForAtItsWord(Quantization asked) {
        assertThat(asked.resolve(1)).isEqualTo(asked);
        assertThat(asked.resolve(1_536)).isEqualTo(asked);
    }
}
