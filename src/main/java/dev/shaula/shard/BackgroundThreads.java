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
 * Threads that let searches go first, on Linux; elsewhere they are as others are.
 *
 * <p>A search that is given something to do while all cores are busy must not wait until one of them has used up its
 * turn, some 3 ms, on its own thread and before on its caller's. So threads that work for long without a pause ask for turns of
 * {@value #TURN_NS} ns: since Linux 6.12 a thread that wakes takes the core at once of one whose turns are longer than its own,
 * if it has not had more than its share. Their shares stay as they are. Those of work that nobody waits for, or that those
 * who wait must not take from searches, are {@value #NICE} steps nicer besides: beside a search that fills a core they keep a tenth
 * of it, so that nothing stands still, and older kernels, too, give way to searches sooner. Java's own priorities do not
 * reach the operating system unless the process is started for it.
 */
final class BackgroundThreads {
    /** The scheduler gives a thread at 10 a weight of 110, where others have 1,024. */
    static final int NICE = 10;

    private static final int NICEST = 19;
    /** Ten times what others have, about: a writer is not to wait much longer for its turn beside busy searches. */
    static final long TURN_NS = 20_000_000;

    /** Of {@code struct sched_attr}: size and policy, flags, nice and priority, length of a turn, and two for deadlines. */
    private static final int WORDS = 6;

    private static final int NICE_WORD = 2;
    private static final int TURN_WORD = 3;
    private static final long INT = 0xffff_ffffL;

    /** On Linux it is the calling thread that {@code nice} makes nicer, elsewhere the process. */
    private static final @Nullable MethodHandle MAKE_NICER =
            lookUp("nice", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private static final @Nullable Calls CALLS = Calls.lookUp();

    private BackgroundThreads() {}

    /** Daemon threads with names that end in their number, nicer and with long turns. */
    static ThreadFactory factory(String prefix) {
        return factory(prefix, NICE);
    }

    /** As {@link #factory(String)}, with long turns and the share that others have: somebody waits for what they do. */
    static ThreadFactory withLongTurns(String prefix) {
        return factory(prefix, 0);
    }

    /** From now on the calling thread has long turns, and the share that it had. */
    static void takeLongTurns() {
        adjust(0);
    }

    private static ThreadFactory factory(String prefix, int nicer) {
        ThreadFactory threads = Thread.ofPlatform().name(prefix, 0).daemon().factory();
        return work -> threads.newThread(() -> {
            adjust(nicer);
            work.run();
        });
    }

    /** For good: a process without privileges cannot take it back. Where it is refused, the thread is as others are. */
    private static void adjust(int nicer) {
        try {
            if ((CALLS == null || !CALLS.adjust(nicer)) && nicer > 0 && MAKE_NICER != null) {
                int ignored = (int) MAKE_NICER.invokeExact(nicer);
            }
        } catch (Throwable e) {
            throw new AssertionError("nice", e);
        }
    }

    /**
     * {@code sched_getattr(2)} and {@code sched_setattr(2)} of the calling thread, by number: most C libraries have no
     * function for them.
     */
    private record Calls(MethodHandle syscall, long get, long set) {

        static @Nullable Calls lookUp() {
            var n = ValueLayout.JAVA_LONG;
            // The words are on Java's heap: the calls take no time in which a collector would have to wait.
            MethodHandle syscall = BackgroundThreads.lookUp(
                    "syscall",
                    FunctionDescriptor.of(n, n, n, ValueLayout.ADDRESS, n, n),
                    Linker.Option.firstVariadicArg(1),
                    Linker.Option.critical(true));
            if (syscall == null) {
                return null;
            }
            return switch (System.getProperty("os.arch")) {
                case "amd64" -> new Calls(syscall, 315, 314);
                case "aarch64" -> new Calls(syscall, 275, 274);
                default -> null;
            };
        }

        /** False if the thread is as it was. */
        boolean adjust(int nicer) throws Throwable {
            long[] words = new long[WORDS];
            MemorySegment attributes = MemorySegment.ofArray(words);
            if ((long) syscall.invokeExact(get, 0L, attributes, 8L * WORDS, 0L) != 0 || words[0] >>> 32 != 0) {
                return false; // not allowed, or scheduled by another policy than the usual one
            }
            int nice = Math.min(NICEST, (int) words[NICE_WORD] + nicer);
            words[NICE_WORD] = (words[NICE_WORD] & ~INT) | (nice & INT);
            words[TURN_WORD] = TURN_NS;
            return (long) syscall.invokeExact(set, 0L, attributes, 0L, 0L) == 0;
        }
    }

    private static @Nullable MethodHandle lookUp(String function, FunctionDescriptor shape, Linker.Option... options) {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> found = linker.defaultLookup().find(function);
        return found.map(f -> linker.downcallHandle(f, shape, options)).orElse(null);
    }
}
