package dev.shaula.simd;

import dev.shaula.simd.KernelChecks.Kernel;
import dev.shaula.simd.KernelChecks.Values;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/**
 * A program: checks the kernels at the vector width its JVM was started with, and prints that width and a digest of all
 * results. The width is fixed when the kernels' class is loaded, so that one JVM can test one.
 */
final class KernelProbe {
    private static final int HOT = 30_000;

    private KernelProbe() {}

    /** Checks cold kernels; with the argument {@code hot} also that compiled ones give the same bits. */
    public static void main(String[] args) {
        Random random = new Random(5);
        for (Kernel kernel : Kernel.values()) {
            for (int n : KernelChecks.DIMENSIONS) {
                for (Values values : Values.values()) {
                    float[] a = KernelChecks.row(random, values, n);
                    float[] b = KernelChecks.row(random, values, n);
                    KernelChecks.check(kernel, a, 0, b, 4);
                }
            }
        }
        RowChecks.checkAll(10);
        CodeChecks.checkAll(7);
        CodeChecks.checkHadamard(8);
        CodeChecks.checkReductions(9);
        int cold = digest();
        if (Arrays.asList(args).contains("hot")) {
            heat();
            if (digest() != cold) {
                throw new AssertionError("compiled kernels give other bits than interpreted ones");
            }
            RowChecks.checkAll(10);
        }
        System.out.println("lanes=" + FloatKernels.lanes() + " digest=" + cold);
    }

    private static int digest() {
        Random random = new Random(6);
        int digest = 0;
        for (Kernel kernel : Kernel.values()) {
            for (int repeat = 0; repeat < 20; repeat++) {
                for (int n : KernelChecks.DIMENSIONS) {
                    MemorySegment a = KernelChecks.rowAtTheEnd(KernelChecks.row(random, Values.ORDINARY, n), 0);
                    MemorySegment b = KernelChecks.rowAtTheEnd(KernelChecks.row(random, Values.ORDINARY, n), 0);
                    digest = 31 * digest + Float.floatToRawIntBits(kernel.vector(a, 0, b, 0, n));
                }
            }
        }
        return digest;
    }

    private static void heat() {
        float[] ones = new float[64];
        Arrays.fill(ones, 1);
        MemorySegment row = KernelChecks.rowAtTheEnd(ones, 0);
        float sum = 0;
        for (int i = 0; i < HOT; i++) {
            for (Kernel kernel : Kernel.values()) {
                sum += kernel.vector(row, 0, row, 0, i % 64);
            }
        }
        if (Float.isNaN(sum)) {
            throw new AssertionError("sum of finite numbers");
        }
    }
}
