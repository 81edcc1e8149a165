package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import java.io.IOException;
import java.util.function.Consumer;

/** A record with {@code if}, which is absent or present, or with {@code if_version}. */
class ConditionalFrame extends RecordFrame {
    private static final double MOST_VERSION = 1L << 53; // beyond, JSON numbers are not exact everywhere

    private Precondition condition = Precondition.NONE;
    private String given = "";

    ConditionalFrame(Consumer<Point> done) {
        super(done);
    }

    @Override
    ConditionalFrame restart() {
        condition = Precondition.NONE;
        given = "";
        super.restart();
        return this;
    }

    @Override
    final void condition(String field, JsonToken token, JsonPush in) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return; // a null option is an option not given
        }
        if (!given.isEmpty()) {
            throw in.refuse("expected one condition, got " + given + " too");
        }
        given = field;
        condition = field.equals("if") ? named(token, in) : version(token, in);
    }

    private static Precondition named(JsonToken token, JsonPush in) throws IOException {
        return switch (in.string(token)) {
            case "absent" -> Precondition.ABSENT;
            case "present" -> Precondition.PRESENT;
            default -> throw in.expected("absent or present", token);
        };
    }

    private static Precondition version(JsonToken token, JsonPush in) throws IOException {
        double version = in.number(token);
        if (version < 0 || version > MOST_VERSION || version != Math.rint(version)) {
            throw in.expected("a version, a whole number", token);
        }
        return new Precondition.Version((long) version);
    }

    final Precondition condition() {
        return condition;
    }
}
