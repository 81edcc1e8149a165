package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What takes the tokens inside one open JSON object or array. Frames form the stack of {@link JsonPush}: a parser that
 * can stop after any byte has no call stack to keep its place in.
 */
abstract class Frame {

    /** The name of the value that follows; called in objects only. */
    void name(String name, JsonPush in) throws IOException {}

    /**
     * One value inside: a scalar is taken at once and null returned; for the start of an object or array the frame
     * that takes its inside is returned.
     */
    abstract @Nullable Frame value(JsonToken token, JsonPush in) throws IOException;

    /** The object or array is closed. */
    void end(JsonPush in) throws IOException {}

    /** Appends the place of the current value inside this frame: {@code .name}, {@code [7]} or nothing. */
    abstract void appendPlace(StringBuilder path);
}
