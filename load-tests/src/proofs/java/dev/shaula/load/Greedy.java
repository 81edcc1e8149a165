package dev.shaula.load;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A writer that sends as much as the server takes: the rows of its blocks, one block after the other and again, each time
 * with the next version. One thread sends and is slowed by the server; one of its own hears the acknowledgements, which
 * count rows in order.
 */
abstract class Greedy implements AutoCloseable {
    /** A client that waits longer for an acknowledgement would have given up. */
    private static final long TIME_OUT_NS = TimeUnit.SECONDS.toNanos(30);

    private static final long END_PATIENCE_S = 120;

    final String name;
    private volatile Percentiles times;
    private final ConcurrentLinkedQueue<Sent> underWay = new ConcurrentLinkedQueue<>();
    private final CountDownLatch heardAll = new CountDownLatch(1);
    /** Versions of all blocks of the run; a writer touches those of its own blocks. */
    private final int[] versions;

    private List<Batch> blocks = List.of();
    private int turn;
    private long number;
    private final AtomicLong sentRows = new AtomicLong();
    private volatile long acknowledgedRows;
    private final AtomicLong timeOuts = new AtomicLong();
    private volatile @Nullable String fault;
    private @Nullable Thread ear;

    private record Sent(long endRows, long atNs) {}

    Greedy(String name, int[] versions, Percentiles times) {
        this.name = name;
        this.versions = versions;
        this.times = times;
    }

    /** Sends a batch; blocks while the server takes nothing. */
    abstract void write(byte[] bytes) throws IOException, InterruptedException;

    /** Says that no batch follows. */
    abstract void end() throws IOException;

    /** Reads until the server has answered everything; calls {@link #acknowledged}. */
    abstract void hear() throws IOException;

    /** The batch of this number, counted from 0. */
    abstract byte[] encoded(Batch batch, int version, long number);

    /** Which blocks it writes from now on; nobody else may write them at the same time. */
    void own(List<Batch> newBlocks) {
        blocks = newBlocks;
        turn = 0;
    }

    /** Where times of acknowledgements go from now on. */
    void measure(Percentiles into) {
        times = into;
    }

    void listen() {
        ear = Thread.ofVirtual().start(() -> {
            try {
                hear();
            } catch (IOException | RuntimeException e) {
                fault = getClass().getSimpleName() + " " + name + ": " + e;
            } finally {
                heardAll.countDown();
            }
        });
    }

    /** Sends one batch after the other until {@code untilNs}. */
    void run(long untilNs) throws IOException, InterruptedException {
        while (System.nanoTime() - untilNs < 0) {
            send();
        }
    }

    /** Sends one batch when the one before is acknowledged, {@code pauseMs} apart. */
    void runPolitely(long untilNs, long pauseMs) throws IOException, InterruptedException {
        while (System.nanoTime() - untilNs < 0) {
            send();
            awaitAll();
            TimeUnit.MILLISECONDS.sleep(pauseMs);
        }
    }

    void send() throws IOException, InterruptedException {
        check();
        Batch batch = blocks.get(turn++ % blocks.size());
        int version = ++versions[batch.block()];
        byte[] bytes = encoded(batch, version, number++);
        long rows = sentRows.addAndGet(batch.rows());
        underWay.add(new Sent(rows, System.nanoTime()));
        write(bytes);
    }

    /** Returns when everything that was sent is acknowledged. */
    void awaitAll() throws IOException {
        while (acknowledgedRows < sentRows.get()) {
            check();
            LockSupport.parkNanos(200_000);
        }
    }

    void finish() throws IOException, InterruptedException {
        end();
        if (!heardAll.await(END_PATIENCE_S, TimeUnit.SECONDS)) {
            throw new IOException(name + ": no end of the answer");
        }
        check();
        if (acknowledgedRows != sentRows.get()) {
            throw new IOException(
                    name + ": expected " + sentRows.get() + " rows acknowledged, got " + acknowledgedRows);
        }
    }

    private void check() throws IOException {
        String seen = fault;
        if (seen != null) {
            throw new IOException(seen);
        }
    }

    /** The first {@code rows} rows of the stream are stored. */
    final void acknowledged(long rows) {
        long now = System.nanoTime();
        acknowledgedRows = rows;
        for (Sent next = underWay.peek(); next != null && next.endRows() <= rows; next = underWay.peek()) {
            underWay.remove();
            times.add(now - next.atNs());
            if (now - next.atNs() > TIME_OUT_NS) {
                timeOuts.incrementAndGet();
            }
        }
    }

    final long acknowledgedRows() {
        return acknowledgedRows;
    }

    final long timeOuts() {
        return timeOuts.get();
    }

    @Override
    public void close() throws IOException {
        Thread listening = ear;
        if (listening != null) {
            listening.interrupt();
        }
    }
}
