package dev.shaula.shard;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Threads for work that nobody waits for, or that those who wait must not take from searches. On Linux they are
 * {@value #NICE} steps nicer than others: a search that is given something to do while all cores are busy gets the core of one of
 * them before it would be its turn. Beside searches that fill a core they keep a tenth of it, so
 * that nothing stands still. Java's own priorities do not reach the operating system unless the process is started for it.
 */
final class BackgroundThreads {
    /** The scheduler gives a thread at 10 a weight of 110, where others have 1,024. */
    static final int NICE = 10;

    /** On Linux it is the calling thread that {@code nice} makes nicer, elsewhere the process. */
    private static final @Nullable MethodHandle MAKE_NICER = lookUp();

    private BackgroundThreads() {}

    /** Daemon threads with names that end in their number. */
    static ThreadFactory factory(String prefix) {
        ThreadFactory threads = Thread.ofPlatform().name(prefix, 0).daemon().factory();
        return work -> threads.newThread(() -> {
            makeNicer();
            work.run();
        });
    }

    /** For good: a process without privileges cannot take it back. Where it is refused, the thread is as others are. */
    private static void makeNicer() {
        if (MAKE_NICER == null) {
            return;
        }
        try {
            int ignored = (int) MAKE_NICER.invokeExact(NICE);
        } catch (Throwable e) {
            throw new AssertionError("nice", e);
        }
    }

    private static @Nullable MethodHandle lookUp() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> found = linker.defaultLookup().find("nice");
        var i = ValueLayout.JAVA_INT;
        return found.map(function -> linker.downcallHandle(function, FunctionDescriptor.of(i, i)))
                .orElse(null);
    }
}
