package dev.shaula.collection;

import java.util.ArrayDeque;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A bound on the bytes that are in flight in this process. Who wants more than is left waits in line; nobody overtakes,
 * so that a large request is not starved by small ones. Thread-safe; callbacks run on the thread that asked or on the
 * one that gave back, and must not block.
 */
public final class ByteBudget {
    private static final Logger LOG = Logger.getLogger(ByteBudget.class);
    private static final ThreadLocal<Callbacks> CALLBACKS = ThreadLocal.withInitial(Callbacks::new);

    private final long capacity;
    private final ArrayDeque<Waiter> line = new ArrayDeque<>();
    private long used;

    /** A place in line, then a share. */
    public final class Waiter {
        private final long bytes;
        private @Nullable Runnable onGranted;
        private boolean granted;
        private boolean released;

        private Waiter(long bytes) {
            this.bytes = bytes;
        }

        /** Sets what to call when the share is granted; it is called at once if that has happened. To be set once. */
        public void onGranted(Runnable callback) {
            synchronized (ByteBudget.this) {
                if (!granted) {
                    onGranted = callback;
                    return;
                }
            }
            callback.run();
        }

        public boolean isGranted() {
            synchronized (ByteBudget.this) {
                return granted;
            }
        }

        /**
         * Gives the share back, or leaves the line. Once is enough; more often is harmless. A callback that another
         * thread has taken up already still runs: it must not count on the share when its owner may have left.
         */
        public void release() {
            synchronized (ByteBudget.this) {
                if (released) {
                    return;
                }
                released = true;
                if (granted) {
                    used -= bytes;
                } else {
                    line.remove(this);
                }
            }
            grantNext();
        }
    }

    /** A budget of {@code capacity} bytes, at least 1. */
    public ByteBudget(long capacity) {
        this.capacity = capacity;
    }

    public long capacity() {
        return capacity;
    }

    /** Bytes granted and not given back. */
    public synchronized long used() {
        return used;
    }

    /** How many wait in line. */
    public synchronized int waiting() {
        return line.size();
    }

    /**
     * Asks for a share; it is granted before this returns if there is room and nobody waits.
     *
     * @param bytes more than the capacity counts as the capacity: such a request goes alone
     */
    public Waiter acquire(long bytes) {
        Waiter waiter = new Waiter(Math.min(bytes, capacity));
        synchronized (this) {
            line.add(waiter);
        }
        grantNext();
        return waiter;
    }

    private void grantNext() {
        Callbacks callbacks = CALLBACKS.get();
        synchronized (this) {
            Waiter next = line.peek();
            while (next != null && used + next.bytes <= capacity) {
                line.remove();
                used += next.bytes;
                next.granted = true;
                if (next.onGranted != null) {
                    callbacks.add(next.onGranted);
                }
                next = line.peek();
            }
        }
        callbacks.run();
    }

    /**
     * What a thread has to call. A callback that gives its share back at once grants the next one, whose callback then
     * waits here for the first to return: a line of thousands that are all refused must not nest thousands of calls.
     */
    private static final class Callbacks {
        private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
        private boolean running;

        void add(Runnable callback) {
            queue.add(callback);
        }

        void run() {
            if (running) {
                return;
            }
            running = true;
            try {
                for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
                    call(next);
                }
            } finally {
                running = false;
            }
        }

        /** A fault of one must not keep the others from their turn. */
        private static void call(Runnable callback) {
            try {
                callback.run();
            } catch (RuntimeException e) {
                LOG.error("a callback of the write budget failed", e);
            }
        }
    }
}
