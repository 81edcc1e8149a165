package dev.shaula.api.websocket;

import dev.shaula.model.VectorDbException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The upsert streams that the node knows: those that a socket has open, and for a while those whose socket was lost, so
 * that a client that comes back learns what is stored. When it is full the stream that was lost first is forgotten; if
 * none was lost, a new one is refused. Thread-safe.
 */
final class StreamTable {
    private final int capacity;
    private final Duration memory;
    private final InstantSource clock;
    private final Map<String, Upload> open = new HashMap<>();
    /** In the order in which they were lost. */
    private final Map<String, Lost> lost = new LinkedHashMap<>();

    private record Lost(long acknowledged, Instant until) {}

    StreamTable(int capacity, Duration memory, InstantSource clock) {
        this.capacity = capacity;
        this.memory = memory;
        this.clock = clock;
    }

    synchronized int size() {
        return open.size() + lost.size();
    }

    /**
     * Makes {@code upload} the one of its name.
     *
     * @return null if it is; otherwise the one that has the name, which has to end first
     * @throws VectorDbException (overloaded) if the table is full of open streams
     */
    synchronized @Nullable Upload enter(Upload upload) {
        Upload holder = open.get(upload.key());
        if (holder != null) {
            return holder;
        }
        Instant now = clock.instant();
        Lost known = lost.remove(upload.key());
        forgetTheOld(now);
        if (size() >= capacity) {
            throw VectorDbException.overloaded(
                    "stream: the server has " + capacity + " streams open already; try again later");
        }
        open.put(upload.key(), upload);
        upload.goOnAfter(known == null || known.until().isBefore(now) ? 0 : known.acknowledged());
        return null;
    }

    private void forgetTheOld(Instant now) {
        Iterator<Lost> oldest = lost.values().iterator();
        while (oldest.hasNext() && (oldest.next().until().isBefore(now) || size() >= capacity)) {
            oldest.remove();
        }
    }

    /** The upload has stored all it will; {@code remember} unless its client said that it was the end. */
    synchronized void leave(Upload upload, boolean remember) {
        if (open.remove(upload.key(), upload) && remember) {
            lost.put(
                    upload.key(),
                    new Lost(upload.acknowledged(), clock.instant().plus(memory)));
        }
    }
}
