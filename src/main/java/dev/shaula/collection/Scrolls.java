package dev.shaula.collection;

import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The scrolls that are under way on this node. Each holds a state of a collection that writes have left behind, so
 * there is a bound on their number, on the heap they hold and on how long one may stay unused; what would exceed the
 * first two is refused, and nothing is taken from a reader who goes on reading. Thread-safe.
 */
final class Scrolls {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Bounds bounds;
    private final LongSupplier nowNs;
    private final Map<String, Held> held = new LinkedHashMap<>();
    private long heapBytes;

    /**
     * What all scrolls together may take.
     *
     * @param count scrolls at once
     * @param heapBytes of their lists of rows, 4 bytes a point
     * @param idle how long one is kept after its last page
     */
    record Bounds(int count, long heapBytes, Duration idle) {
        /** A sixteenth of the heap: at 2 GiB, lists of 33 million points. */
        static Bounds defaults() {
            return new Bounds(Limits.MAX_SCROLLS, Runtime.getRuntime().maxMemory() / 16, Duration.ofMinutes(2));
        }
    }

    /** A scroll, whose collection it is, and when it was last used. */
    private static final class Held {
        private final Object owner;
        private final Scroll scroll;
        private int users;
        private long lastUsedNs;
        /** Whether its last page was given: kept in case that has to be given again, as long as there is room. */
        private boolean finished;

        Held(Object owner, Scroll scroll, long lastUsedNs) {
            this.owner = owner;
            this.scroll = scroll;
            this.lastUsedNs = lastUsedNs;
        }
    }

    /** @param nowNs a clock that never goes back, as {@link System#nanoTime} */
    Scrolls(Bounds bounds, LongSupplier nowNs) {
        this.bounds = bounds;
        this.nowNs = nowNs;
    }

    /**
     * Keeps a scroll and returns its name, which nobody can guess.
     *
     * @param owner the collection; only it finds the scroll again
     * @throws VectorDbException OVERLOADED if a bound would be exceeded; the scroll is closed then
     */
    String keep(Object owner, Scroll scroll) {
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        String name = HexFormat.of().formatHex(random);
        synchronized (this) {
            dropIdle();
            if (!hasRoom(scroll)) {
                removeIf(candidate -> candidate.finished && candidate.users == 0);
            }
            if (hasRoom(scroll)) {
                held.put(name, new Held(owner, scroll, nowNs.getAsLong()));
                heapBytes += scroll.heapBytes();
                return name;
            }
        }
        scroll.close();
        throw VectorDbException.overloaded("scroll: " + count() + " scrolls with " + heapBytes()
                + " bytes are under way and at most " + bounds.count + " with " + bounds.heapBytes
                + " are kept; read others to their end, close them, or try again later");
    }

    private boolean hasRoom(Scroll scroll) {
        return held.size() < bounds.count && heapBytes + scroll.heapBytes() <= bounds.heapBytes;
    }

    /**
     * Runs {@code work} on a scroll, which stays for at least as long.
     *
     * @throws VectorDbException (as a failure) NOT_FOUND if there is none of this name and owner, or no more
     */
    <T> Uni<T> use(Object owner, String name, Function<Scroll, Uni<T>> work) {
        return Uni.createFrom().deferred(() -> {
            Held found = begin(owner, name);
            return Uni.createFrom()
                    .deferred(() -> work.apply(found.scroll))
                    .onTermination()
                    .invoke(() -> end(found));
        });
    }

    private synchronized Held begin(Object owner, String name) {
        dropIdle();
        Held found = held.get(name);
        if (found == null || !found.owner.equals(owner)) {
            throw VectorDbException.notFound("cursor: its scroll has ended, or was not used for "
                    + bounds.idle.toSeconds() + " s; begin a new one");
        }
        found.users++;
        return found;
    }

    private synchronized void end(Held used) {
        used.users--;
        used.lastUsedNs = nowNs.getAsLong();
    }

    /** The last page was given; from now on the scroll gives way to others. */
    synchronized void finish(String name) {
        Held found = held.get(name);
        if (found != null) {
            found.finished = true;
        }
    }

    /** Lets go of a scroll; does nothing if it has gone, or is another collection's. */
    synchronized void close(Object owner, String name) {
        Held found = held.get(name);
        if (found != null && found.owner.equals(owner)) {
            held.remove(name);
            release(found);
        }
    }

    /** Lets go of every scroll of a collection. */
    synchronized void closeAll(Object owner) {
        removeIf(candidate -> candidate.owner.equals(owner));
    }

    /** Lets go of those that were not used for too long; to be called now and then. */
    synchronized void dropIdle() {
        long now = nowNs.getAsLong();
        removeIf(candidate -> candidate.users == 0 && now - candidate.lastUsedNs > bounds.idle.toNanos());
    }

    synchronized int count() {
        return held.size();
    }

    synchronized long heapBytes() {
        return heapBytes;
    }

    private void removeIf(Predicate<Held> condition) {
        for (Iterator<Held> all = held.values().iterator(); all.hasNext(); ) {
            Held candidate = all.next();
            if (condition.test(candidate)) {
                all.remove();
                release(candidate);
            }
        }
    }

    private void release(Held gone) {
        heapBytes -= gone.scroll.heapBytes();
        gone.scroll.close();
    }

    // --- cursors: the name of a scroll and where its reader stands ---------------------------------------------

    static String cursor(String name, Scroll.Position position) {
        StringBuilder text = new StringBuilder(name);
        for (int behind : position.behind()) {
            text.append('-').append(behind);
        }
        return text.toString();
    }

    static String nameOf(String cursor) {
        int end = cursor.indexOf('-');
        return end < 0 ? cursor : cursor.substring(0, end);
    }

    /** The position in a cursor of {@code scroll}; throws INVALID if it is none that was given out. */
    static Scroll.Position positionOf(String cursor, Scroll scroll) {
        String[] parts = cursor.split("-", -1);
        try {
            Scroll.Position position = new Scroll.Position(
                    Arrays.stream(parts).skip(1).mapToInt(Integer::parseInt).toArray());
            if (scroll.isWithin(position)) {
                return position;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw VectorDbException.invalid("cursor: expected one from the page before, got something else");
    }
}
