package dev.shaula.storage;

import dev.shaula.model.Point;

/** One change of a shard, as its log holds it; applying it needs neither a clock nor a random number. */
public sealed interface Write {

    /**
     * {@code point} lives at {@code ordinal} from now on.
     *
     * @param ordinal 0 or more; a shard gives each ordinal to one point only
     * @param replaces the ordinal that held the same id until now and becomes a tombstone, or {@link #NONE}
     */
    record Upsert(int ordinal, int replaces, Point point) implements Write {
        public Upsert {
            if (ordinal < 0) {
                throw new IllegalArgumentException("ordinal: expected 0 or more, got " + ordinal);
            }
            if (replaces < NONE) {
                throw new IllegalArgumentException("replaces: expected -1 or more, got " + replaces);
            }
        }
    }

    /** The point {@code id} at {@code ordinal} is a tombstone from now on. */
    record Delete(int ordinal, String id) implements Write {
        public Delete {
            if (ordinal < 0) {
                throw new IllegalArgumentException("ordinal: expected 0 or more, got " + ordinal);
            }
        }
    }

    /** In place of an ordinal: nothing is replaced. */
    int NONE = -1;
}
