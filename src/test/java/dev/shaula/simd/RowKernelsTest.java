package dev.shaula.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RowKernelsTest {
    @Test
    void shouldGiveTheBitsOfTheKernelsOfOneRow() {
        RowChecks.checkAll(11);
    }

    @Test
    void shouldHaveAPlaceInTheseTestsForEveryKernel() {
        assertThat(Arrays.stream(RowKernels.class.getDeclaredMethods())
                        .filter(method -> Modifier.isPublic(method.getModifiers()))
                        .map(method -> method.getName()
                                .replaceAll("Pair$", "")
                                .replaceAll("([A-Z])", "_$1")
                                .toUpperCase(Locale.ROOT))
                        .collect(Collectors.toSet()))
                .isEqualTo(
                        Arrays.stream(RowChecks.Kernel.values()).map(Enum::name).collect(Collectors.toSet()));
    }
}
