package dev.shaula.collection;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A connection as the write budget sees it: whatever it writes, over however many streams and to however many
 * collections, it never holds more than its part of the budget. Doors make one for each connection; everything in it
 * belongs to the lock of the budget.
 *
 * <p>It is told of its grants where its points come from. There a stream finds what else it has at hand; anywhere else it
 * would have to ask and be taken for silent, and write slices of one point each.
 */
public final class Sender {
    private final Executor home;
    /** Bytes granted and not given back. */
    long used;
    /** The account that granted it something last. */
    ByteBudget.@Nullable Account servedBy;
    /** Virtual time of that account until which it has been served. */
    double servedUntil;

    /** @param home runs what is called back, such as the event loop of the connection */
    public Sender(Executor home) {
        this.home = home;
    }

    /** A sender that is called back on any thread. */
    Sender() {
        this(Runnable::run);
    }

    void tell(Runnable callback) {
        try {
            home.execute(callback);
        } catch (RejectedExecutionException e) {
            callback.run(); // its event loop has ended before the shards, which answer what they have
        }
    }
}
