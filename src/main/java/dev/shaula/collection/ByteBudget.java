package dev.shaula.collection;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.TreeSet;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A bound on the bytes that are in flight in this process, shared by accounts (collections) and senders (connections).
 * Who wants more than is left waits in line.
 *
 * <p>No account starves the others: it never holds more than its limit, nor more than it leaves free, so that n greedy
 * accounts leave the next one 1/(n + 1) of the whole (dynamic thresholds: Choudhury and Hahne, "Dynamic Queue Length
 * Thresholds for Shared-Memory Packet Switches", 1998). No sender holds more than the limit of senders. Whoever is at a
 * limit of his own stands aside; among all others accounts take turns, and each sender's requests come in order. Senders
 * of an account get equally many bytes, in however small shares they ask for them (start-time fair queueing: Goyal, Vin
 * and Cheng, 1996). One who has waited is overtaken only by those who had less, and by none for ever, so that a large
 * request is not starved by small ones.
 *
 * <p>Thread-safe; callbacks run where their sender says, or else on the thread that asked or on the one that gave back,
 * and must not block.
 */
public final class ByteBudget {
    private static final Logger LOG = Logger.getLogger(ByteBudget.class);
    private static final ThreadLocal<Callbacks> CALLBACKS = ThreadLocal.withInitial(Callbacks::new);
    /** What one request counts of an account at most, as a part of the capacity: three large ones go side by side. */
    private static final int LARGEST_PART = 4;

    private final long capacity;
    private final long senderLimit;
    /**
     * Virtual time passes by itself too, for an endless row of newcomers would stop it and keep those waiting who had
     * something before; at a quarter of the rate at which it passes if all who want more are waiting.
     */
    private static final double DRIFT = 4;

    private static final int FEW_LINES = 16;

    private static final Comparator<Line> BY_TAG =
            Comparator.<Line>comparingDouble(line -> line.tag).thenComparingLong(line -> line.number);

    /** For requests without an account. */
    private final Account common;
    /** Accounts whose turn comes: the first waits for room, if it has anybody at all. */
    private final ArrayDeque<Account> turns = new ArrayDeque<>();
    /** Accounts at their limit. */
    private final List<Account> aside = new ArrayList<>();

    private long used;
    private int waiting;

    /** Takes shares of a budget. */
    @FunctionalInterface
    interface Shares {
        /** Asks for a share of so many bytes for so many points. */
        Waiter acquire(long bytes, int points);
    }

    /** A place in line, then a share. */
    public final class Waiter {
        private final Account account;
        private final @Nullable Sender sender;
        private long bytes;
        private int places;
        private @Nullable Runnable onGranted;
        private boolean granted;
        private boolean released;

        private Waiter(Account account, @Nullable Sender sender, long bytes, int places) {
            this.account = account;
            this.sender = sender;
            this.bytes = bytes;
            this.places = places;
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
            releaseAll(List.of(this));
        }

        /** What it counts, which may be less than was asked for. */
        long bytes() {
            synchronized (ByteBudget.this) {
                return bytes;
            }
        }

        /** Gives a part of a granted share back, so many bytes and places, which must not be all. */
        void giveBack(long lessBytes, int lessPlaces) {
            change(() -> {
                if (!released) {
                    bytes -= lessBytes;
                    places -= lessPlaces;
                    count(-lessBytes, -lessPlaces);
                    account.refund(sender, lessBytes);
                }
            });
        }

        private ByteBudget budget() {
            return ByteBudget.this;
        }

        private void giveBack() {
            if (released) {
                return;
            }
            released = true;
            if (!granted) {
                account.leave(this);
                return;
            }
            count(-bytes, -places);
        }

        private void count(long moreBytes, int morePlaces) {
            used += moreBytes;
            account.used += moreBytes;
            account.places += morePlaces;
            if (sender != null) {
                sender.used += moreBytes;
            }
        }

        private void grant(Callbacks callbacks) {
            granted = true;
            count(bytes, places);
            Runnable callback = onGranted;
            if (callback != null) {
                callbacks.add(sender == null ? callback : () -> sender.tell(callback));
            }
        }
    }

    /** The part of the budget that one collection may have. */
    public final class Account {
        private final long limit;
        /** Most places of its shares at a time. */
        private final int mostPlaces;
        /** Whether others get their part whatever this one asks for. */
        private final boolean shared;

        private final IdentityHashMap<@Nullable Sender, Line> lines = new IdentityHashMap<>();
        private final TreeSet<Line> turn = new TreeSet<>(BY_TAG);
        /** How many bytes every sender has had that always wanted more; one that wants some again begins here. */
        private double virtualTime;
        /** Virtual time until which requests of nobody in particular have been served. */
        private double nobodyServedUntil;

        private long entered;
        private long used;
        private int places;
        private long waitingBytes;
        /** Whether it is in {@link #turns} or {@link #aside}. */
        private boolean known;

        private Account(long limit, int mostPlaces, boolean shared) {
            this.limit = limit;
            this.mostPlaces = mostPlaces;
            this.shared = shared;
        }

        /** Asks for a share of one place, as {@link #acquire(Sender, long, int)}. */
        public Waiter acquire(@Nullable Sender sender, long bytes) {
            return acquire(sender, bytes, 1);
        }

        /**
         * Asks for a share; it is granted before this returns if there is room and nobody waits before.
         *
         * @param sender null for nobody in particular
         * @param bytes more than a quarter of the capacity counts as that
         * @param places at least 1
         */
        Waiter acquire(@Nullable Sender sender, long bytes, int places) {
            Waiter waiter = new Waiter(this, sender, Math.min(bytes, shared ? largest() : capacity), places);
            Callbacks callbacks = CALLBACKS.get();
            synchronized (ByteBudget.this) {
                enter(waiter);
                grantAll(callbacks);
            }
            callbacks.run();
            return waiter;
        }

        /** Bytes granted and not given back. */
        public long used() {
            synchronized (ByteBudget.this) {
                return used;
            }
        }

        /** Bytes asked for and not granted. */
        long waitingBytes() {
            synchronized (ByteBudget.this) {
                return waitingBytes;
            }
        }

        /** Whether more waits for a share already than the account may hold. */
        boolean crowded() {
            synchronized (ByteBudget.this) {
                return shared && waitingBytes > limit;
            }
        }

        /** Most bytes that it may ever hold. */
        long limit() {
            return limit;
        }

        private void enter(Waiter waiter) {
            Line line = lines.computeIfAbsent(waiter.sender, Line::new);
            if (line.waiters.isEmpty()) {
                line.tag = Math.max(virtualTime, servedUntil(waiter.sender));
                line.number = entered++;
                turn.add(line);
            }
            line.waiters.add(waiter);
            waiting++;
            waitingBytes += waiter.bytes;
            if (!known) {
                known = true;
                turns.add(this);
            } else if (aside.remove(this)) {
                turns.add(this); // it may be its senders that are at their limit, and this one is not
            }
        }

        private void leave(Waiter waiter) {
            Line line = lines.get(waiter.sender);
            if (line != null && line.waiters.remove(waiter)) {
                left(waiter, line);
                if (line.waiters.isEmpty()) {
                    turn.remove(line);
                }
            }
        }

        private void left(Waiter waiter, Line line) {
            waiting--;
            waitingBytes -= waiter.bytes;
            if (line.waiters.isEmpty()) {
                lines.remove(line.sender);
            }
        }

        /** The next one whose sender is not at its limit. Null for none. */
        private @Nullable Line next() {
            for (Line line : turn) {
                long more = line.waiters.element().bytes;
                if (line.sender == null || line.sender.used == 0 || line.sender.used + more <= senderLimit) {
                    return line;
                }
            }
            return null;
        }

        /** Only what is larger than the account goes alone. */
        private boolean mayHold(Waiter more) {
            long left = capacity - ByteBudget.this.used - more.bytes;
            return !shared
                    || places == 0
                    || (places + more.places <= mostPlaces && used + more.bytes <= Math.min(limit, left));
        }

        private void serve(Line line, Callbacks callbacks) {
            Waiter first = line.waiters.remove();
            virtualTime = Math.max(virtualTime, line.tag) + first.bytes / (DRIFT * Math.max(FEW_LINES, turn.size()));
            turn.remove(line);
            charge(line.sender, line.tag + first.bytes);
            left(first, line);
            if (!line.waiters.isEmpty()) {
                line.tag += first.bytes;
                turn.add(line);
            }
            first.grant(callbacks);
        }

        /** Part of what was charged is given back, also to a sender that waits again already. */
        private void refund(@Nullable Sender sender, long bytes) {
            if (sender != null && sender.servedBy != this) {
                return;
            }
            charge(sender, servedUntil(sender) - bytes);
            Line line = lines.get(sender);
            if (line != null && turn.remove(line)) {
                line.tag = Math.max(line.tag - bytes, Math.min(line.tag, virtualTime));
                turn.add(line);
            }
        }

        private double servedUntil(@Nullable Sender sender) {
            if (sender == null) {
                return nobodyServedUntil;
            }
            return sender.servedBy == this ? sender.servedUntil : 0;
        }

        private void charge(@Nullable Sender sender, double until) {
            if (sender == null) {
                nobodyServedUntil = until;
            } else {
                sender.servedBy = this;
                sender.servedUntil = until;
            }
        }
    }

    /** What one sender asks of one account, in order; there while it is not empty. */
    private static final class Line {
        private final @Nullable Sender sender;
        private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
        /** Virtual time at which its first waiter is due, and its place among those due then. */
        private double tag;

        private long number;

        Line(@Nullable Sender sender) {
            this.sender = sender;
        }
    }

    /** A budget of {@code capacity} bytes, at least 1, of which one sender may have all. */
    public ByteBudget(long capacity) {
        this(capacity, capacity);
    }

    /**
     * A budget of {@code capacity} bytes, at least 1.
     *
     * @param senderLimit bytes that one sender may hold, whatever accounts they are of; a single share may be larger
     */
    public ByteBudget(long capacity, long senderLimit) {
        this.capacity = capacity;
        this.senderLimit = senderLimit;
        this.common = new Account(capacity, Integer.MAX_VALUE, false);
    }

    public long capacity() {
        return capacity;
    }

    /** Bytes that one sender may hold. */
    public long senderLimit() {
        return senderLimit;
    }

    private long largest() {
        return Math.max(1, capacity / LARGEST_PART);
    }

    /** Bytes granted and not given back. */
    public synchronized long used() {
        return used;
    }

    /** How many wait in line. */
    public synchronized int waiting() {
        return waiting;
    }

    /** An account of its own that never holds more than {@code limit} bytes, a single share apart. */
    public Account account(long limit) {
        return account(limit, Integer.MAX_VALUE);
    }

    /** As {@link #account(long)}, and never more than {@code places} of its shares together, at least 1. */
    Account account(long limit, int places) {
        return new Account(limit, places, true);
    }

    /** The account of all who have none: in order of arrival, and one of them may hold the whole budget. */
    Account common() {
        return common;
    }

    /** As {@link Account#acquire} of {@link #common}; more than the capacity counts as the capacity and goes alone. */
    public Waiter acquire(long bytes) {
        return acquire(bytes, 1);
    }

    Waiter acquire(long bytes, int places) {
        return common.acquire(null, bytes, places);
    }

    /** As {@link Waiter#release} of each, under one lock; all must be of one budget. */
    static void release(List<Waiter> waiters) {
        if (!waiters.isEmpty()) {
            waiters.getFirst().budget().releaseAll(waiters);
        }
    }

    private void releaseAll(List<Waiter> waiters) {
        change(() -> waiters.forEach(Waiter::giveBack));
    }

    /** Gives something back, and grants what then has room. */
    private void change(Runnable giveBack) {
        Callbacks callbacks = CALLBACKS.get();
        synchronized (this) {
            giveBack.run();
            turns.addAll(aside);
            aside.clear();
            grantAll(callbacks);
        }
        callbacks.run();
    }

    private void grantAll(Callbacks callbacks) {
        while (!turns.isEmpty()) {
            Account account = turns.element();
            Line next = account.next();
            if (account.turn.isEmpty()) {
                turns.remove();
                account.known = false;
            } else if (next == null || !account.mayHold(next.waiters.element())) {
                aside.add(turns.remove());
            } else if (used + next.waiters.element().bytes > capacity) {
                return;
            } else {
                account.serve(next, callbacks);
                turns.add(turns.remove());
            }
        }
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
