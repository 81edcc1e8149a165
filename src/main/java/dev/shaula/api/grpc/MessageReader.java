package dev.shaula.api.grpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import dev.shaula.api.wire.Connections;
import dev.shaula.api.wire.IngestBudget;
import dev.shaula.model.VectorDbException;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a call, each read when it is pulled. Between two pulls nothing is read: what the client goes on to
 * send fills the window of its stream and then waits with the client. A message takes its share of the ingest budget
 * before its first byte is kept, and holds it until the next is pulled or the reader is closed; while there is no share,
 * nothing is read. So a call holds at most one message and one network chunk. Event loop of the connection only.
 */
final class MessageReader<Q> {
    private static final int HEADER = 5;
    /** The message as it came, and what it is turned into. */
    private static final int COPIES = 2;

    private final HttpServerRequest request;
    private final Context context;
    private final Parser<Q> parser;
    private final IngestBudget budget;
    private final IngestBudget.Account connection;
    private final int maxBytes;
    private final Listener<Q> listener;

    private Buffer chunk = Buffer.buffer(0);
    private int at;
    private final byte[] header = new byte[HEADER];
    private int headerBytes;
    private byte @Nullable [] body;
    private int bodyBytes;
    private IngestBudget.@Nullable Lease lease;
    private boolean wanted;
    private boolean fetching;
    private boolean waits;
    private boolean advancing;
    private boolean ended;
    private boolean closed;

    /** What becomes of the messages. Of {@code ended} and {@code failed} one is called at most, once, as the last. */
    interface Listener<Q> {
        void message(Q message);

        /** The client sent all it had to send. */
        void ended();

        /** Nothing more is read: the client did something wrong, or the server has no room for it. */
        void failed(VectorDbException why);
    }

    /** @param maxBytes largest message; a longer one fails the call before it is read */
    MessageReader(
            HttpServerRequest request,
            Context context,
            Parser<Q> parser,
            IngestBudget budget,
            int maxBytes,
            Listener<Q> listener) {
        this.request = request;
        this.context = context;
        this.parser = parser;
        this.budget = budget;
        this.connection = Connections.of(request).bodies();
        this.maxBytes = maxBytes;
        this.listener = listener;
        request.pause();
        request.handler(this::take);
        request.endHandler(end -> {
            ended = true;
            fetching = false;
            advance();
        });
    }

    /** Asks for one message more; its arrival, or the end, is told to the listener. To be called again only after it. */
    void pull() {
        wanted = true;
        advance();
    }

    /** Reads nothing more and gives back what is held. */
    void close() {
        closed = true;
        chunk = Buffer.buffer(0);
        at = 0;
        body = null;
        giveBack();
        if (!ended && !request.isEnded()) {
            // What is still coming is thrown away until the call ends; a paused request does not learn of its end.
            request.resume();
        }
    }

    private void take(Buffer next) {
        fetching = false;
        if (!closed) {
            chunk = next;
            at = 0;
            advance();
        }
    }

    /** Whether a message has come whose share of the budget has not. */
    boolean waits() {
        return waits;
    }

    /** A listener pulls while it is told of a message: the loop then goes on instead of nesting. */
    private void advance() {
        if (advancing) {
            return;
        }
        advancing = true;
        try {
            boolean moved = true;
            while (moved && wanted && !closed && !waits) {
                moved = step();
            }
        } catch (VectorDbException e) {
            close();
            listener.failed(e);
        } finally {
            advancing = false;
        }
    }

    /** Does what can be done with the bytes at hand; false if nothing can. */
    private boolean step() {
        if (body != null && bodyBytes == body.length) {
            emit(body);
            return true;
        }
        if (at == chunk.length()) {
            return fetchOrEnd();
        }
        if (body == null) {
            readHeader();
        } else {
            int n = Math.min(chunk.length() - at, body.length - bodyBytes);
            chunk.getBytes(at, at + n, body, bodyBytes);
            at += n;
            bodyBytes += n;
        }
        return true;
    }

    private boolean fetchOrEnd() {
        if (!ended) {
            if (!fetching) {
                fetching = true;
                request.fetch(1);
            }
            return false;
        }
        if (headerBytes > 0 || body != null) {
            throw VectorDbException.invalid("message: expected " + (body == null ? HEADER : body.length)
                    + " bytes, got " + (body == null ? headerBytes : bodyBytes) + " before the end of the stream");
        }
        close();
        listener.ended();
        return false;
    }

    private void readHeader() {
        int n = Math.min(chunk.length() - at, HEADER - headerBytes);
        chunk.getBytes(at, at + n, header, headerBytes);
        at += n;
        headerBytes += n;
        if (headerBytes == HEADER) {
            if (header[0] != 0) {
                throw VectorDbException.invalid("message: expected identity encoding, got a compressed message");
            }
            begin(Integer.toUnsignedLong(Buffer.buffer(header).getInt(1)));
        }
    }

    private void begin(long bytes) {
        if (bytes > maxBytes) {
            throw VectorDbException.tooLarge("message: expected at most " + maxBytes + " bytes, got " + bytes);
        }
        giveBack();
        IngestBudget.Lease share = budget.lease(connection, () -> context.runOnContext(now -> granted((int) bytes)));
        lease = share;
        if (share.hold(COPIES * bytes)) {
            body = new byte[(int) bytes];
        } else {
            waits = true;
        }
    }

    private void granted(int bytes) {
        if (!closed) {
            waits = false;
            body = new byte[bytes];
            advance();
        }
    }

    private void giveBack() {
        if (lease != null) {
            lease.close();
            lease = null;
        }
    }

    private void emit(byte[] bytes) {
        body = null;
        bodyBytes = 0;
        headerBytes = 0;
        wanted = false;
        listener.message(parse(bytes));
    }

    private Q parse(byte[] bytes) {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        in.enableAliasing(true); // nobody else has the array
        try {
            Q message = parser.parseFrom(in);
            in.checkLastTagWas(0);
            return message;
        } catch (InvalidProtocolBufferException e) {
            throw VectorDbException.invalid("message: " + e.getMessage());
        }
    }
}
