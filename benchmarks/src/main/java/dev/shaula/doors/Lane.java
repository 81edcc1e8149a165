package dev.shaula.doors;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Questions of one kind over a number of connections, each with one under way. Either the next is asked when the last is
 * answered, or questions are due at a constant rate, whatever the server does; then an answer's time counts from when its
 * question was due. For one thread.
 */
final class Lane {
    /** Takes the number of a question and the body of its answer, which is free again on return. */
    @FunctionalInterface
    interface Reader {
        void read(int number, ByteBuffer answer);
    }

    private final Supplier<Conversation> conversations;
    private final int connections;
    private final IntFunction<ByteBuffer> questions;
    private final int limit;
    private final long intervalNs;
    private final Reader reader;
    private long startNs;
    private int asked;
    private int answered;
    private boolean counting;
    private long[] latencies = new long[1 << 16];
    private int counted;

    private Lane(
            Supplier<Conversation> conversations,
            int connections,
            IntFunction<ByteBuffer> questions,
            int limit,
            long intervalNs,
            Reader reader) {
        this.conversations = conversations;
        this.connections = connections;
        this.questions = questions;
        this.limit = limit;
        this.intervalNs = intervalNs;
        this.reader = reader;
    }

    /** Asks without a pause, {@code limit} times at most. */
    static Lane closed(
            Supplier<Conversation> conversations,
            int connections,
            IntFunction<ByteBuffer> questions,
            int limit,
            Reader reader) {
        return new Lane(conversations, connections, questions, limit, 0, reader);
    }

    /** Asks {@code rate} times a second. */
    static Lane constant(
            Supplier<Conversation> conversations, int connections, IntFunction<ByteBuffer> questions, int rate) {
        return new Lane(
                conversations, connections, questions, Integer.MAX_VALUE, 1_000_000_000L / rate, (n, answer) -> {});
    }

    int connections() {
        return connections;
    }

    Conversation open() {
        return conversations.get();
    }

    void start(long nowNs) {
        startNs = nowNs;
    }

    /** Forgets what was timed and times from now on. */
    void count() {
        counting = true;
        counted = 0;
    }

    boolean done() {
        return answered == limit;
    }

    /** When the next question may be asked; {@code Long.MAX_VALUE} if there is none. */
    long dueNs() {
        return asked == limit ? Long.MAX_VALUE : startNs + asked * intervalNs;
    }

    /** Takes the next question and returns its number; its time counts from {@link #dueNs} if there is a rate. */
    int next() {
        return asked++;
    }

    boolean constantRate() {
        return intervalNs > 0;
    }

    ByteBuffer question(int number) {
        return questions.apply(number);
    }

    void answered(int number, ByteBuffer answer, long ns) {
        answered++;
        reader.read(number, answer);
        if (counting) {
            latencies = counted == latencies.length ? Arrays.copyOf(latencies, 2 * counted) : latencies;
            latencies[counted++] = ns;
        }
    }

    /** Answers that were timed. */
    int counted() {
        return counted;
    }

    /** The time that a share of the answers took at most, in milliseconds; NaN if there was none. */
    double millis(double share) {
        long[] sorted = Arrays.copyOf(latencies, counted);
        Arrays.sort(sorted);
        return counted == 0 ? Double.NaN : sorted[(int) Math.min(counted - 1, (long) (share * counted))] / 1e6;
    }
}
