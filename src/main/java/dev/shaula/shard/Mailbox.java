package dev.shaula.shard;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes that wait for the shard's thread. It has no bound of its own: whoever puts something in holds a share of the
 * node's write budget for it until it is answered, so what lies in all mailboxes together never exceeds that budget.
 * Thread-safe.
 */
final class Mailbox {
    private final ArrayDeque<WriteRequest> queue = new ArrayDeque<>();
    private long waiting;
    /** Of what was drained and is not answered yet. */
    private long running;

    private boolean closed;

    /** Adds a request; false if the mailbox is closed. */
    synchronized boolean put(WriteRequest request) {
        if (closed) {
            return false;
        }
        queue.add(request);
        waiting += request.bytes();
        return true;
    }

    /** Takes requests in order, at least one if there is one, until either bound is reached. */
    synchronized List<WriteRequest> drain(int maxWrites, long maxBytes) {
        List<WriteRequest> batch = new ArrayList<>();
        int writes = 0;
        long batchBytes = 0;
        while (!queue.isEmpty()) {
            WriteRequest next = queue.peek();
            if (!batch.isEmpty() && (writes + next.size() > maxWrites || batchBytes + next.bytes() > maxBytes)) {
                break;
            }
            batch.add(queue.remove());
            writes += next.size();
            batchBytes += next.bytes();
        }
        waiting -= batchBytes;
        running = batchBytes;
        return batch;
    }

    /** To be called before the answer, which gives the request's share of the write budget to the next. */
    synchronized void answering(WriteRequest request) {
        running -= request.bytes();
    }

    /** Everything that the last {@link #drain} gave out is answered. */
    synchronized void settled() {
        running = 0;
    }

    synchronized boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Of what waits and of the batch that is being written. */
    synchronized long bytes() {
        return waiting + Math.max(0, running);
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Refuses what comes from now on; what is there can still be drained. */
    synchronized void close() {
        closed = true;
    }
}
