package dev.shaula.api.rest;

import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;

/** The bytes of a network chunk, where they are if that is an array, else copied. */
final class Chunks {
    /** Takes bytes {@code [start, end)}, which are free again on return. */
    @FunctionalInterface
    interface Sink {
        void feed(byte[] bytes, int start, int end);
    }

    private Chunks() {}

    @SuppressWarnings("deprecation") // the only way to the bytes without a copy in this Vert.x
    static void feed(Buffer chunk, Sink sink) {
        ByteBuf bytes = chunk.getByteBuf();
        if (bytes.hasArray()) {
            int start = bytes.arrayOffset() + bytes.readerIndex();
            sink.feed(bytes.array(), start, start + bytes.readableBytes());
        } else {
            byte[] copy = chunk.getBytes();
            sink.feed(copy, 0, copy.length);
        }
    }
}
