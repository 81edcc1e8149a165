package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.Limits;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.nio.charset.StandardCharsets;

/** What a point and a query must be before a shard sees them, whatever door they came through. */
final class PointCheck {
    /** Squared distances and dot products of vectors within this length stay finite in float32. */
    private static final double MAX_LENGTH = 1e18;

    private final int dimensions;

    PointCheck(CollectionConfig config) {
        this.dimensions = config.dimensions();
    }

    /** Throws INVALID or TOO_LARGE naming the point by {@code where}, the field and what was expected. */
    void point(Point point, String where) {
        id(point.id(), where + ".id");
        vector(point.vector(), where + ".vector");
        int bytes = point.metadata().json().length;
        if (bytes > Limits.MAX_METADATA_BYTES) {
            throw VectorDbException.invalid(where + ".metadata: expected at most " + Limits.MAX_METADATA_BYTES
                    + " bytes of JSON, got " + bytes);
        }
        expiry(point.expiry(), where + ".");
    }

    /** Throws INVALID naming the field if nothing is to be changed, or something to what cannot be. */
    void change(MetadataChange change) {
        boolean nothing = !change.replace()
                && change.delete().isEmpty()
                && change.set().isEmpty()
                && change.expiry().equals(Expiry.UNCHANGED);
        if (nothing) {
            throw VectorDbException.invalid("set: expected one of set, delete, replace, expires_at and ttl, got none");
        }
        if (change.delete().size() > Limits.MAX_DELETED_KEYS) {
            throw VectorDbException.invalid("delete: expected at most " + Limits.MAX_DELETED_KEYS + " keys, got "
                    + change.delete().size());
        }
        int bytes = change.set().json().length;
        if (bytes > Limits.MAX_METADATA_BYTES) {
            throw VectorDbException.invalid((change.replace() ? "replace" : "set") + ": expected at most "
                    + Limits.MAX_METADATA_BYTES + " bytes of JSON, got " + bytes);
        }
        expiry(change.expiry(), "");
    }

    private static void expiry(Expiry expiry, String where) {
        switch (expiry) {
            case Expiry.At at
            when at.moment() != Expiry.NEVER_MS -> range(where + "expires_at", at.moment(), 0, Limits.MAX_EXPIRY_MS);
            case Expiry.After after -> range(where + "ttl", after.ms(), 1, 1_000 * Limits.MAX_TTL_SECONDS);
            default -> {}
        }
    }

    private static void range(String field, long ms, long least, long most) {
        if (ms < least || ms > most) {
            throw VectorDbException.invalid(field + ": expected " + least + " to " + most + " milliseconds, got " + ms);
        }
    }

    void id(String id, String where) {
        int bytes = id.length() > Limits.MAX_ID_BYTES ? id.length() : id.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > Limits.MAX_ID_BYTES) {
            throw VectorDbException.invalid(where + ": expected 1 to " + Limits.MAX_ID_BYTES + " bytes, got " + bytes);
        }
    }

    void vector(float[] vector, String where) {
        if (vector.length != dimensions) {
            throw VectorDbException.invalid(where + ": expected " + dimensions
                    + " numbers (the collection's dimensions), got " + vector.length);
        }
        double squares = 0;
        for (int i = 0; i < vector.length; i++) {
            if (!Float.isFinite(vector[i])) {
                throw VectorDbException.invalid(where + "[" + i + "]: expected a finite number, got " + vector[i]);
            }
            squares += (double) vector[i] * vector[i];
        }
        if (squares > MAX_LENGTH * MAX_LENGTH) {
            throw VectorDbException.invalid(
                    where + ": expected a Euclidean length of at most 1e18, got " + Math.sqrt(squares));
        }
    }
}
