package dev.shaula.sidebyside;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Processor time of this process, all threads, the collector's and the compiler's included, from the clock that the
 * native peers read. The one that Java offers counts in steps of 10 ms, half of what a short point takes. Linux only.
 */
final class ProcessClock {
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final MethodHandle CLOCK_GETTIME = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker()
                            .defaultLookup()
                            .find("clock_gettime")
                            .orElseThrow(() -> new IllegalStateException("no clock_gettime on this system")),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

    private ProcessClock() {}

    static double cpuSeconds() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            if ((int) CLOCK_GETTIME.invokeExact(CLOCK_PROCESS_CPUTIME_ID, time) != 0) {
                throw new IllegalStateException("clock_gettime failed");
            }
            return time.getAtIndex(ValueLayout.JAVA_LONG, 0) + 1e-9 * time.getAtIndex(ValueLayout.JAVA_LONG, 1);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("clock_gettime", e);
        }
    }
}
