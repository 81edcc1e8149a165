package dev.shaula.api.websocket;

import dev.shaula.api.wire.Dimensions;
import dev.shaula.api.wire.QueryDefaults;
import dev.shaula.api.wire.SocketBinary;
import dev.shaula.api.wire.SocketDocument;
import dev.shaula.api.wire.SocketMessage;
import dev.shaula.model.VectorDbException;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** One message while its frames come: text is parsed frame by frame, binary when it is complete. Event loop only. */
final class IncomingMessage {
    private final QueryDefaults defaults;
    private final @Nullable SocketDocument document;
    private final Buffer binary = Buffer.buffer();
    private @Nullable SocketBinary read;
    private @Nullable VectorDbException refusal;
    private long bytes;

    IncomingMessage(boolean text, QueryDefaults defaults) {
        this.defaults = defaults;
        this.document = text ? new SocketDocument(defaults) : null;
    }

    /** Payload bytes so far, of all frames. */
    long bytes() {
        return bytes;
    }

    void add(Buffer frame) {
        bytes += frame.length();
        if (document == null) {
            binary.appendBuffer(frame);
        } else if (refusal == null) {
            byte[] json = frame.getBytes();
            try {
                document.feed(json, 0, json.length);
            } catch (VectorDbException e) {
                refusal = e;
            }
        }
    }

    /**
     * No frame follows.
     *
     * @throws VectorDbException (invalid) if the message is not one; {@link #about} tells what was recognised of it
     */
    SocketMessage finish(Dimensions dimensions) {
        if (refusal != null) {
            throw refusal;
        }
        if (document != null) {
            return document.finish();
        }
        SocketBinary message = new SocketBinary(binary.getBytes(), defaults);
        read = message;
        return message.read(dimensions);
    }

    SocketMessage.About about() {
        if (document != null) {
            return document.about();
        }
        return read == null ? SocketMessage.About.NOTHING : read.about();
    }

    /** Gives buffers back. */
    void close() {
        if (document != null) {
            document.close();
        }
    }
}
