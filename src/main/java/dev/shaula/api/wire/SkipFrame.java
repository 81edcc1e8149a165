package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;

/** Takes whatever is inside a value that nobody asked for. */
final class SkipFrame extends Frame {
    static final SkipFrame INSTANCE = new SkipFrame();

    private SkipFrame() {}

    @Override
    Frame value(JsonToken token, JsonPush in) {
        return this;
    }

    @Override
    void appendPlace(StringBuilder path) {}
}
