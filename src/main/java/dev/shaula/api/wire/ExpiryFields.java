package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Expiry;
import dev.shaula.model.Limits;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;

/**
 * The fields {@code expires_at}, a moment in RFC 3339 or in seconds since 1970 or null for never, and {@code ttl}, a
 * number of seconds. Either may be given.
 */
final class ExpiryFields {
    private Expiry expiry = Expiry.UNCHANGED;
    private String given = "";

    void restart() {
        expiry = Expiry.UNCHANGED;
        given = "";
    }

    /** What was given; {@link Expiry#UNCHANGED} if nothing was. */
    Expiry take() {
        return expiry;
    }

    void expiresAt(JsonToken token, JsonPush in) throws IOException {
        only("expires_at", in);
        if (token == JsonToken.VALUE_NULL) {
            expiry = Expiry.NEVER;
            return;
        }
        long epochMs = token == JsonToken.VALUE_STRING ? parsed(in) : Math.round(1_000 * in.number(token));
        if (epochMs < 0 || epochMs > Limits.MAX_EXPIRY_MS) {
            throw in.expected("a moment from 1970 to 9999", token);
        }
        expiry = Expiry.at(epochMs);
    }

    private static long parsed(JsonPush in) throws IOException {
        try {
            return OffsetDateTime.parse(in.rawText()).toInstant().toEpochMilli();
        } catch (DateTimeException e) {
            throw in.expected("a moment as 2030-01-31T12:00:00Z, seconds since 1970 or null", JsonToken.VALUE_STRING);
        }
    }

    void ttl(JsonToken token, JsonPush in) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return; // a null option is an option not given
        }
        only("ttl", in);
        double seconds = in.number(token);
        if (seconds < 0.001 || seconds > Limits.MAX_TTL_SECONDS) {
            throw in.expected("0.001 to " + Limits.MAX_TTL_SECONDS + " seconds", token);
        }
        expiry = new Expiry.After(Math.round(1_000 * seconds));
    }

    private void only(String field, JsonPush in) {
        if (!given.isEmpty() && !given.equals(field)) {
            throw in.refuse("expected either expires_at or ttl, got both");
        }
        given = field;
    }

    /** A moment as {@code expires_at} reads it. */
    static String text(long epochMs) {
        return Instant.ofEpochMilli(epochMs).toString();
    }
}
