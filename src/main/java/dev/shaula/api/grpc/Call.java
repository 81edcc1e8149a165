package dev.shaula.api.grpc;

import com.google.protobuf.MessageLite;
import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.shaula.api.wire.Connections;
import dev.shaula.collection.Sender;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call: messages in, messages out, and one end, whoever brings it about: the handler, the deadline, or the client
 * that goes away. What runs for the call is stopped at its end. Event loop of the connection only, unless a method says
 * otherwise.
 */
final class Call<Q, A extends MessageLite> {
    private static final int STREAM_WINDOW = 64 << 10;
    /** One byte that says whether the message is compressed, four with its length. */
    private static final int FRAME_HEADER = 5;

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Context context;
    private final Method<Q, A> method;
    private final GrpcDoor door;
    private final long startNs = System.nanoTime();
    private final long deadlineTimer;
    private final long deadlineNs;
    private @Nullable MessageReader<Q> reader;
    private @Nullable Runnable stop;
    private boolean begun;
    private boolean ended;

    Call(RoutingContext routing, Method<Q, A> method, GrpcDoor door) {
        request = routing.request();
        response = routing.response();
        context = routing.vertx().getOrCreateContext();
        this.method = method;
        this.door = door;
        response.setWriteQueueMaxSize(STREAM_WINDOW);
        response.closeHandler(closed -> gone());
        response.exceptionHandler(broken -> gone());
        request.exceptionHandler(broken -> gone());
        long millis = Deadline.millis(request.getHeader("grpc-timeout"));
        deadlineNs = millis == Deadline.NONE ? SearchRequest.NO_DEADLINE : startNs + millis * 1_000_000;
        deadlineTimer = millis == Deadline.NONE
                ? -1
                : context.owner()
                        .setTimer(millis, late -> end(Refusal.plain(Code.DEADLINE_EXCEEDED, "deadline exceeded")));
    }

    /** When its client stops waiting, for searches. */
    long deadlineNs() {
        return deadlineNs;
    }

    /** The connection, as the write budget sees it. */
    Sender sender() {
        return Connections.of(request).sender();
    }

    /** Starts reading; the first message comes after {@link #pull}. */
    void read(MessageReader.Listener<Q> listener) {
        reader = new MessageReader<>(request, context, method.parser(), door.budget(), door.maxMessage(), listener);
    }

    /** Asks for one message more. */
    void pull() {
        if (reader != null && !ended) {
            reader.pull();
        }
    }

    /** Answers one message with one. The work is stopped when the call ends before it. */
    void unary(Function<Q, Uni<A>> work) {
        first(message -> {
            Cancellable running =
                    work.apply(message).subscribe().with(answer -> onLoop(() -> answer(answer)), this::failAnywhere);
            onEnd(running::cancel);
        });
    }

    private void answer(A answer) {
        write(answer);
        end();
    }

    /** Answers one message with a stream that is asked for its next item when the client has room for it. */
    void stream(Function<Q, Multi<A>> work) {
        first(message -> work.apply(message).subscribe().withSubscriber(new Sink()));
    }

    private void first(Consumer<Q> handler) {
        read(new MessageReader.Listener<>() {
            private boolean got;

            @Override
            public void message(Q message) {
                got = true;
                guard(() -> handler.accept(message));
            }

            @Override
            public void ended() {
                if (!got) {
                    failed(VectorDbException.invalid("message: expected one, got none"));
                }
            }

            @Override
            public void failed(VectorDbException why) {
                fail(why);
            }
        });
        pull();
        if (reader != null && reader.waits()) {
            awaitRoom(reader);
        }
    }

    /** A client that sends one message cannot be slowed for ever: it is told, as over HTTP. */
    private void awaitRoom(MessageReader<Q> waiting) {
        context.owner().setTimer(Math.max(1, door.longestWait().toMillis()), late -> {
            if (waiting.waits()) {
                fail(VectorDbException.overloaded("the server holds as many messages as its memory allows and none was"
                        + " finished within " + door.longestWait().toSeconds() + " s; nothing of this one was stored"));
            }
        });
    }

    /** Sends one message. It is kept until the client has room: see {@link #isFull}. */
    void write(A message) {
        if (!ended) {
            begin();
            response.write(frame(message));
        }
    }

    /** Whether the client has no room for another message now. */
    boolean isFull() {
        return response.writeQueueFull();
    }

    /** Calls back once there is room again. */
    void onRoom(Runnable work) {
        response.drainHandler(drained -> work.run());
    }

    /** What to do when the call ends before {@link #end} is called; at once if it has ended. */
    void onEnd(Runnable cancel) {
        if (ended) {
            cancel.run();
        } else {
            stop = cancel;
        }
    }

    boolean hasEnded() {
        return ended;
    }

    /** Runs {@code work} on the event loop of the call. Any thread. */
    void onLoop(Runnable work) {
        context.runOnContext(now -> guard(work));
    }

    /** Runs {@code work}; what it throws ends the call. */
    void guard(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    /** Everything was sent. */
    void end() {
        stop = null;
        end(Status.getDefaultInstance());
    }

    /** Ends the call with what went wrong. */
    void fail(Throwable failure) {
        if (!ended) {
            end(Refusal.of(failure));
        }
    }

    /** As {@link #fail}. Any thread. */
    void failAnywhere(Throwable failure) {
        onLoop(() -> fail(failure));
    }

    void end(Status status) {
        if (ended) {
            return;
        }
        begin();
        response.putTrailer("grpc-status", Integer.toString(status.getCode()));
        if (!status.getMessage().isEmpty()) {
            response.putTrailer("grpc-message", percentEncoded(status.getMessage()));
        }
        if (status.getDetailsCount() > 0) {
            String details = Base64.getEncoder().withoutPadding().encodeToString(status.toByteArray());
            response.putTrailer("grpc-status-details-bin", details);
        }
        // A client that is still sending is told to stop, after it has the answer.
        response.end().onSuccess(sent -> {
            if (!request.isEnded()) {
                response.reset(0);
            }
        });
        finish(status.getCode());
    }

    private void gone() {
        finish(Code.CANCELLED_VALUE);
    }

    private void finish(int code) {
        if (ended) {
            return;
        }
        ended = true;
        if (deadlineTimer >= 0) {
            context.owner().cancelTimer(deadlineTimer);
        }
        door.metrics().ended(method.path(), code, startNs);
        if (stop != null) {
            stop.run();
        }
        if (reader != null) {
            reader.close();
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            response.putHeader("content-type", "application/grpc");
            response.putHeader("grpc-accept-encoding", "identity");
        }
    }

    private static Buffer frame(MessageLite message) {
        byte[] bytes = message.toByteArray();
        return Buffer.buffer(FRAME_HEADER + bytes.length)
                .appendByte((byte) 0)
                .appendInt(bytes.length)
                .appendBytes(bytes);
    }

    /** Text as a trailer carries it: what is not printable ASCII, and the percent sign, in hexadecimal. */
    static String percentEncoded(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b >= ' ' && b <= '~' && b != '%') {
                out.append((char) b);
            } else {
                out.append('%').append(Character.toUpperCase(Character.forDigit((b >> 4) & 15, 16)));
                out.append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
            }
        }
        return out.toString();
    }

    /** Passes the room that the client has on to a stream, one item at a time. Signals may come from any thread. */
    private final class Sink implements Flow.Subscriber<A> {
        private Flow.@Nullable Subscription source;

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            source = subscription;
            onEnd(subscription::cancel);
            ask();
        }

        @Override
        public void onNext(A item) {
            onLoop(() -> {
                write(item);
                if (isFull()) {
                    onRoom(this::ask);
                } else {
                    ask();
                }
            });
        }

        private void ask() {
            if (source != null && !ended) {
                source.request(1);
            }
        }

        @Override
        public void onError(Throwable failure) {
            failAnywhere(failure);
        }

        @Override
        public void onComplete() {
            onLoop(Call.this::end);
        }
    }
}
