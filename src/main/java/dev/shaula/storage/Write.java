package dev.shaula.storage;

import dev.shaula.model.Expiry;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;

/** One change of a shard, as its log holds it; applying it needs neither a clock nor a random number. */
public sealed interface Write {

    /**
     * {@code point} lives at {@code ordinal} from now on.
     *
     * @param ordinal 0 or more; a shard gives each ordinal to one point only
     * @param replaces the ordinal that held the same id until now and becomes a tombstone, or {@link #NONE}
     * @param point whose expiry is a moment, or none
     */
    record Upsert(int ordinal, int replaces, Point point) implements Write {
        public Upsert {
            checkOrdinal(ordinal);
            if (replaces < NONE) {
                throw new IllegalArgumentException("replaces: expected -1 or more, got " + replaces);
            }
            if (point.expiry() instanceof Expiry.After) {
                throw new IllegalArgumentException("expiry: expected a moment, got " + point.expiry());
            }
        }

        /** When the point expires, in milliseconds since 1970; {@link Expiry#NEVER_MS} for never. */
        public long expiresAtMs() {
            return point.expiry().epochMs(0, Expiry.NEVER_MS);
        }
    }

    /**
     * The point {@code id} stays at {@code ordinal} and has other metadata from now on.
     *
     * @param metadata all of it
     * @param expiresAtMs when it expires from now on, in milliseconds since 1970; {@link Expiry#NEVER_MS} for never
     */
    record Update(int ordinal, String id, Metadata metadata, long expiresAtMs) implements Write {
        public Update {
            checkOrdinal(ordinal);
        }
    }

    /** The point {@code id} at {@code ordinal} is a tombstone from now on. */
    record Delete(int ordinal, String id) implements Write {
        public Delete {
            checkOrdinal(ordinal);
        }
    }

    /** In place of an ordinal: nothing is replaced. */
    int NONE = -1;

    /** The id that is written. */
    default String writtenId() {
        return switch (this) {
            case Upsert upsert -> upsert.point().id();
            case Update update -> update.id();
            case Delete delete -> delete.id();
        };
    }

    private static void checkOrdinal(int ordinal) {
        if (ordinal < 0) {
            throw new IllegalArgumentException("ordinal: expected 0 or more, got " + ordinal);
        }
    }
}
