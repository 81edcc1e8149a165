package dev.shaula.api.wire;

import dev.shaula.model.LiveChange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks a live query for one change at a time, and for the next only when the connection has room: what happens
 * meanwhile comes as one change. Thread-safe.
 */
public final class LiveFeed implements MultiSubscriber<LiveChange> {
    private final Consumer<LiveChange> onChange;
    private final Consumer<Throwable> onFailure;
    private Flow.@Nullable Subscription subscription;
    private boolean cancelled;

    /** Both are called on threads of the engine; after a change {@link #next} is due. */
    public LiveFeed(Consumer<LiveChange> onChange, Consumer<Throwable> onFailure) {
        this.onChange = onChange;
        this.onFailure = onFailure;
    }

    public void start(Multi<LiveChange> changes) {
        changes.subscribe().withSubscriber(this);
    }

    /** The last change was sent. */
    public void next() {
        Flow.Subscription from;
        synchronized (this) {
            from = cancelled ? null : subscription;
        }
        if (from != null) {
            from.request(1);
        }
    }

    public void cancel() {
        Flow.Subscription from;
        synchronized (this) {
            cancelled = true;
            from = subscription;
        }
        if (from != null) {
            from.cancel();
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription from) {
        boolean late;
        synchronized (this) {
            subscription = from;
            late = cancelled;
        }
        if (late) {
            from.cancel();
        } else {
            from.request(1);
        }
    }

    @Override
    public void onItem(LiveChange change) {
        onChange.accept(change);
    }

    @Override
    public void onFailure(Throwable failure) {
        onFailure.accept(failure);
    }

    @Override
    public void onCompletion() {
        // A live query runs until it is cancelled or fails.
    }
}
