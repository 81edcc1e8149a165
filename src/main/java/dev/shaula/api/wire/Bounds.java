package dev.shaula.api.wire;

import dev.shaula.collection.CollectionRegistry;
import jakarta.inject.Singleton;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The bounds of this node as they are in force, by name, for operators to see; doors add theirs. Thread-safe. */
@Singleton
public final class Bounds {
    private final Map<String, Long> all = new TreeMap<>();

    /** Begins with what the collections say. */
    public Bounds(CollectionRegistry registry) {
        all.putAll(registry.bounds());
    }

    /** Adds one; names end in their unit. */
    public synchronized void add(String name, long value) {
        all.put(name, value);
    }

    /** All of them, in order of their names. */
    public synchronized Map<String, Long> all() {
        return Collections.unmodifiableMap(new TreeMap<>(all));
    }
}
