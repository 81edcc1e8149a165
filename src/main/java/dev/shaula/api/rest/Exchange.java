package dev.shaula.api.rest;

import dev.shaula.api.wire.Connections;
import dev.shaula.api.wire.Document;
import dev.shaula.api.wire.Failure;
import dev.shaula.api.wire.IngestBudget;
import dev.shaula.collection.Sender;
import dev.shaula.model.Limits;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One request and its answer. Everything runs on the event loop of the connection, unless a method says otherwise. */
final class Exchange {
    private static final long NO_TIMER = -1;
    private static final long HTTP2_INTERNAL_ERROR = 2;

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Context context;
    private final Door door;
    private final String operation;
    private final String tail;
    private final long startNs = System.nanoTime();
    private IngestBudget.@Nullable Lease lease;
    private boolean continued;
    private boolean finished;
    private volatile long timeoutMs = Timeout.NONE;
    private volatile long deadlineNs = SearchRequest.NO_DEADLINE;
    private long deadlineTimer = NO_TIMER;

    /**
     * An exchange of the current event loop.
     *
     * @param operation name for the metrics
     * @param tail what follows the operation's path, decoded; empty if nothing does
     */
    Exchange(RoutingContext routing, Door door, String operation, String tail) {
        request = routing.request();
        response = routing.response();
        context = routing.vertx().getOrCreateContext();
        this.door = door;
        this.operation = operation;
        this.tail = tail;
        response.closeHandler(closed -> finish(499));
        response.exceptionHandler(broken -> finish(499));
    }

    HttpServerRequest request() {
        return request;
    }

    /** Bytes that the kernel may take in advance of a stream. */
    int receiveBuffer() {
        return door.config().receiveBuffer();
    }

    HttpServerResponse response() {
        return response;
    }

    Context context() {
        return context;
    }

    HttpMetrics metrics() {
        return door.metrics();
    }

    /** The connection, as the write budget sees it. */
    Sender sender() {
        return Connections.of(request).sender();
    }

    /** How long a streamed answer may be silent while work is under way. */
    Duration pulse() {
        return door.config().pulse();
    }

    String tail() {
        return tail;
    }

    /** A parameter of the query string, form-decoded. */
    String param(String name, String otherwise) {
        String value = request.getParam(name);
        return value == null ? otherwise : value;
    }

    /** Whether the body is vectors and nothing else. */
    boolean sendsBytes() {
        return names(HttpHeaders.CONTENT_TYPE);
    }

    /** Whether the client asked by name for an answer that is a vector and nothing else. */
    boolean wantsBytes() {
        return names(HttpHeaders.ACCEPT);
    }

    private boolean names(CharSequence header) {
        String value = request.getHeader(header);
        return value != null && value.regionMatches(true, 0, Answer.BYTES, 0, Answer.BYTES.length());
    }

    /** Tells a client that asked first that it may send its body. */
    void invite() {
        if (expectsInvitation()) {
            continued = true;
            response.writeContinue();
        }
    }

    private boolean expectsInvitation() {
        return !continued && request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true);
    }

    /** Reads the body as it arrives; fails with INVALID, TOO_LARGE or OVERLOADED. */
    <T> Uni<T> body(Document<T> document, long maxBytes) {
        return BodyReader.read(
                this,
                document,
                new BodyReader.Bounds(
                        maxBytes, door.config().ingestWait(), door.config().bodyTimeout()));
    }

    /** The body of anything but an upsert. */
    <T> Uni<T> smallBody(Document<T> document) {
        return body(document, Limits.MAX_REQUEST_BYTES);
    }

    /** The share of this request in the ingest budget; given back when the request is answered. */
    IngestBudget.Lease lease(Runnable goOn) {
        IngestBudget.Account connection = Connections.of(request).bodies();
        IngestBudget.Lease taken = door.budget().lease(connection, () -> context.runOnContext(now -> goOn.run()));
        lease = taken;
        return taken;
    }

    /**
     * When the client stops waiting, as its parameter {@code timeout} says. Known once {@link #answerOrCancel} was called;
     * {@link SearchRequest#NO_DEADLINE} before, and if it waits for ever.
     */
    long deadlineNs() {
        return deadlineNs;
    }

    /**
     * Answers with what {@code work} brings; stops it if the client goes away before, or if the time that the client gave
     * is over: then the answer is status 504.
     */
    void answerOrCancel(Uni<Answer> work) {
        timeoutMs = Timeout.millis(request.getParam("timeout"));
        if (timeoutMs != Timeout.NONE) {
            deadlineNs = startNs + timeoutMs * 1_000_000;
        }
        Cancellable running = subscribe(work);
        if (timeoutMs != Timeout.NONE && !finished) {
            deadlineTimer = context.owner().setTimer(timeoutMs, late -> {
                deadlineTimer = NO_TIMER;
                running.cancel();
                sendHere(Answer.of(Failure.of(Timeout.over(timeoutMs))));
            });
        }
        response.closeHandler(closed -> {
            running.cancel();
            finish(499);
        });
    }

    /** Answers with what {@code work} brings; the work goes on if the client goes away. */
    void answer(Uni<Answer> work) {
        subscribe(work);
    }

    /** The answer is compressed on the thread that brings it; only sending is left to the event loop. */
    private Cancellable subscribe(Uni<Answer> work) {
        boolean gzip = Gzip.accepted(request.getHeader(HttpHeaders.ACCEPT_ENCODING));
        Uni<Answer> encoded = gzip ? work.map(Answer::compressed) : work;
        return encoded.subscribe().with(this::send, this::fail);
    }

    /** Runs the last step of an operation; answers with its failure if it throws. Any thread. */
    void attempt(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    /** Answers with a failure. Any thread. */
    void fail(Throwable failure) {
        send(Answer.of(Failure.of(isTooLate(failure) ? Timeout.over(timeoutMs) : failure)));
    }

    /** A search whose turn came too late was refused by its shard; the timer may not have gone off yet. */
    private boolean isTooLate(Throwable failure) {
        return timeoutMs != Timeout.NONE
                && failure instanceof VectorDbException refusal
                && refusal.kind() == VectorDbException.Kind.OVERLOADED
                && System.nanoTime() - deadlineNs >= 0;
    }

    /** Sends a whole answer. Any thread. */
    void send(Answer answer) {
        context.runOnContext(now -> sendHere(answer));
    }

    private void sendHere(Answer answer) {
        if (response.ended() || response.closed()) {
            finish(499);
        } else if (isRead()) {
            write(answer);
        } else if (expectsInvitation()) {
            writeAndClose(answer);
        } else {
            Leftover.of(request, context).read(() -> write(answer), () -> writeAndClose(answer));
        }
    }

    /** Whether the body was read to its end. A paused request does not know that it was: it has to be resumed first. */
    private boolean isRead() {
        if (!request.isEnded()) {
            request.resume();
        }
        return request.isEnded();
    }

    private void write(Answer answer) {
        if (response.ended() || response.closed()) {
            return;
        }
        head(answer);
        finish(answer.status()); // before the answer, so that whoever has it finds it counted
        response.end(Buffer.buffer(answer.body()));
    }

    /** The client still sends a body that nobody wants: it gets the answer and a closed connection. */
    private void writeAndClose(Answer answer) {
        if (response.ended() || response.closed()) {
            return;
        }
        head(answer);
        response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        finish(answer.status());
        response.end(Buffer.buffer(answer.body()));
        Leftover.of(request, context).linger();
    }

    private void head(Answer answer) {
        response.setStatusCode(answer.status());
        response.putHeader(HttpHeaders.CONTENT_TYPE, answer.type());
        if (answer.gzip()) {
            response.putHeader(HttpHeaders.CONTENT_ENCODING, "gzip");
            response.putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        }
        if (answer.retryAfterSeconds() > 0) {
            response.putHeader("Retry-After", Integer.toString(answer.retryAfterSeconds()));
        }
        if (request.method().equals(HttpMethod.HEAD)) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(answer.body().length));
        }
    }

    /** The last byte of a streamed answer was written; a body that is still coming is not read any more. */
    void endStream(Buffer last, int status) {
        finish(status);
        response.end(last);
        if (!isRead()) {
            Leftover.of(request, context).linger();
        }
    }

    /** What to stop when the client goes away before the end of a streamed answer. Any thread. */
    void onGone(Runnable stop) {
        context.runOnContext(now -> {
            if (response.closed()) {
                stop.run();
            }
            response.closeHandler(closed -> {
                stop.run();
                finish(499);
            });
        });
    }

    /** Ends a streamed answer that cannot be finished, so that the client sees that it is not whole. */
    void breakOff(int status) {
        finish(status);
        if (request.version() == HttpVersion.HTTP_2) {
            response.reset(HTTP2_INTERNAL_ERROR);
        } else {
            request.connection().close();
        }
    }

    /** Gives everything back and counts the request, once. Status 499: the client went away. */
    private void finish(int status) {
        if (finished) {
            return;
        }
        finished = true;
        if (deadlineTimer != NO_TIMER) {
            context.owner().cancelTimer(deadlineTimer);
        }
        if (lease != null) {
            lease.close();
        }
        door.metrics().answered(operation, status, startNs);
    }

    /** Refusal of a body that is longer than {@code maxBytes}. */
    static VectorDbException bodyTooLong(long maxBytes) {
        return VectorDbException.tooLarge(
                "body: expected at most " + maxBytes + " bytes, got more; nothing was stored");
    }
}
