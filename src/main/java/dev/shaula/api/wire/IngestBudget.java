package dev.shaula.api.wire;

import dev.shaula.model.VectorDbException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Heap that request bodies may hold, node-wide, while they are assembled and until they are answered. A request that
 * finds it used up stops reading its connection and goes on in the order of arrival. The oldest request may always go
 * on, or two half-read bodies could wait for each other for ever; so all bodies together hold at most twice the budget,
 * and one chunk per connection. Of one connection only the oldest may go beyond a quarter of the budget; its others
 * stand aside, and nobody waits behind them. Thread-safe; never blocks.
 */
public final class IngestBudget {
    /** What a body may hold unasked: small requests never meet the lock. */
    public static final long FREE_BYTES = 64 << 10;

    private static final int CONNECTION_PART = 4;

    private final long capacity;
    private final Set<Lease> leases = new LinkedHashSet<>();
    private long used;

    public IngestBudget(long capacityBytes) {
        capacity = capacityBytes;
    }

    /** The budget in bytes. */
    public long capacity() {
        return capacity;
    }

    /** Bytes that requests hold now, beyond what is free. */
    public synchronized long used() {
        return used;
    }

    /** Requests that wait. */
    public synchronized long waiting() {
        return leases.stream().filter(Lease::waits).count();
    }

    /** Bytes that a connection may hold with more than one request. */
    public long connectionLimit() {
        return capacity / CONNECTION_PART;
    }

    /**
     * A share of nothing yet.
     *
     * @param connection whose request it is
     * @param goOn called from any thread when a lease that had to wait may go on
     */
    public Lease lease(Account connection, Runnable goOn) {
        return new Lease(connection, goOn);
    }

    /** The requests of one connection. Everything in it belongs to the lock of the budget. */
    public static final class Account {
        private final Set<Lease> leases = new LinkedHashSet<>();
        private long held;
    }

    /** The share of one request. */
    public final class Lease implements AutoCloseable {
        private final Account connection;
        private final Runnable goOn;
        private long held;
        private long wanted;
        private boolean closed;

        private Lease(Account connection, Runnable goOn) {
            this.connection = connection;
            this.goOn = goOn;
        }

        private boolean waits() {
            return wanted > held;
        }

        /** Whether its connection has enough with those that came before it. */
        private boolean standsAside() {
            return connection.held + wanted - held > connectionLimit()
                    && connection.leases.iterator().next() != this;
        }

        /**
         * Says that the request now holds {@code bytes} in all.
         *
         * @return whether to read on; if not, {@code goOn} is called once it may, unless the lease is closed first
         * @throws VectorDbException (too large) if it alone holds more than the whole budget
         */
        public boolean hold(long bytes) {
            if (bytes <= FREE_BYTES || bytes <= held) {
                return true;
            }
            if (bytes > capacity) {
                throw VectorDbException.tooLarge("body: needs more than the " + capacity
                        + " bytes of heap that this server has for bodies; nothing was stored; send smaller batches");
            }
            synchronized (IngestBudget.this) {
                leases.add(this);
                connection.leases.add(this);
                wanted = bytes;
                return grant(this, hasOlderWaiter(this));
            }
        }

        @Override
        public void close() {
            List<Lease> granted;
            synchronized (IngestBudget.this) {
                if (closed || !leases.remove(this)) {
                    closed = true;
                    return;
                }
                closed = true;
                used -= held;
                connection.leases.remove(this);
                connection.held -= held;
                granted = grantWaiters();
            }
            granted.forEach(lease -> lease.goOn.run());
        }
    }

    private boolean hasOlderWaiter(Lease lease) {
        for (Lease other : leases) {
            if (other == lease) {
                return false;
            }
            if (other.waits() && !other.standsAside()) {
                return true;
            }
        }
        return false;
    }

    private boolean grant(Lease lease, boolean others) {
        long more = lease.wanted - lease.held;
        boolean oldest = leases.iterator().next() == lease;
        if (!oldest && (others || lease.standsAside() || used + more > capacity)) {
            return false;
        }
        used += more;
        lease.connection.held += more;
        lease.held = lease.wanted;
        return true;
    }

    private List<Lease> grantWaiters() {
        List<Lease> granted = new ArrayList<>();
        for (Lease lease : leases) {
            if (lease.waits() && !lease.standsAside()) {
                if (!grant(lease, false)) {
                    break;
                }
                granted.add(lease);
            }
        }
        return granted;
    }
}
