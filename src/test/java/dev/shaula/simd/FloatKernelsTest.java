package dev.shaula.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.simd.KernelChecks.Kernel;
import dev.shaula.simd.KernelChecks.Values;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatKernelsTest {

    @ParameterizedTest
    @EnumSource
    void shouldAgreeWithScalarTwinAndWithDoublePrecision(Kernel kernel) {
        Random random = new Random(1);
        for (int n : KernelChecks.DIMENSIONS) {
            for (Values values : Values.values()) {
                for (long offset : KernelChecks.OFFSETS) {
                    float[] a = KernelChecks.row(random, values, n);
                    float[] b = KernelChecks.row(random, values, n);
                    KernelChecks.check(kernel, a, offset, b, 0);
                    KernelChecks.check(kernel, a, 0, b, offset);
                }
            }
        }
    }

    @Test
    void shouldNotFlushDenormalsToZero() {
        Random random = new Random(2);
        for (int n : KernelChecks.DIMENSIONS) {
            float[] small = KernelChecks.row(random, Values.DENORMAL, n);
            float[] large = KernelChecks.row(random, Values.LARGE, n);
            float dot = KernelChecks.check(Kernel.DOT, small, 0, large, 0);
            assertThat(dot != 0).as("n = %d", n).isEqualTo(n > 0);
        }
    }

    @Test
    void shouldReadEveryElementExactlyOnce() {
        Random random = new Random(3);
        for (int n : KernelChecks.DIMENSIONS) {
            float[] values = KernelChecks.row(random, Values.ORDINARY, n);
            MemorySegment row = KernelChecks.rowAtTheEnd(values, 4);
            for (int i = 0; i < n; i++) {
                float[] unit = new float[n];
                unit[i] = 2;
                MemorySegment unitRow = KernelChecks.rowAtTheEnd(unit, 0);
                MemorySegment zero = KernelChecks.rowAtTheEnd(new float[n], 0);
                assertThat(FloatKernels.dot(unitRow, 0, row, 4, n)).isEqualTo(2 * values[i]);
                assertThat(FloatKernels.squaredEuclidean(unitRow, 0, zero, 0, n))
                        .isEqualTo(4);
            }
        }
    }

    @Test
    void shouldThrowWhenTheRowIsShorterThanAsked() {
        // What the other tests rely on when they place a row at the end of its segment.
        MemorySegment row = KernelChecks.rowAtTheEnd(new float[32], 0);
        for (Kernel kernel : Kernel.values()) {
            assertThatThrownBy(() -> kernel.vector(row, 0, row, 4, 32)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernel.scalar(row, 0, row, 4, 32)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldHaveATwinAndAPlaceInTheseTestsForEveryKernel() throws NoSuchMethodException {
        int kernels = 0;
        for (Method method : FloatKernels.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && method.getParameterCount() > 0) {
                assertThat(ScalarKernels.class.getMethod(method.getName(), method.getParameterTypes()))
                        .isNotNull();
                String constant = method.getName().replaceAll("([A-Z])", "_$1").toUpperCase(java.util.Locale.ROOT);
                assertThat(Arrays.stream(Kernel.values()).map(Kernel::name)).contains(constant);
                kernels++;
            }
        }
        assertThat(kernels).isEqualTo(Kernel.values().length);
    }
}
