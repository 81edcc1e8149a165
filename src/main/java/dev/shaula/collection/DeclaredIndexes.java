package dev.shaula.collection;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.FoundFields;
import io.smallrye.mutiny.Uni;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/** The indexes that a collection has been told to have, kept in its manifest. One change after the other. Thread-safe. */
final class DeclaredIndexes {
    private final int mostAutomatic;
    private final Worker worker;
    private final Save save;
    /** Held while the manifest is written; only on threads that may block. */
    private final ReentrantLock changing = new ReentrantLock();

    private volatile Declarations all;

    /** Writes the manifest. Blocks. */
    @FunctionalInterface
    interface Save {
        void write(Declarations declarations);
    }

    /** @param mostAutomatic indexes that may be there without having been asked for */
    DeclaredIndexes(Declarations all, int mostAutomatic, Worker worker, Save save) {
        this.all = all;
        this.mostAutomatic = mostAutomatic;
        this.worker = worker;
        this.save = save;
    }

    Declarations all() {
        return all;
    }

    /** Whether fields are to be looked for that have no index yet. */
    boolean looksForMore() {
        return !all.isFull(mostAutomatic);
    }

    Uni<Void> add(FieldIndex index) {
        return change(now -> now.with(index));
    }

    Uni<Void> remove(FieldIndex index) {
        return change(now -> now.without(index, mostAutomatic > 0));
    }

    /** Declares what was found, as far as there is room. */
    Uni<Void> take(FoundFields found) {
        return change(now -> now.with(found, mostAutomatic));
    }

    /** Does something that takes a while, neither on an event loop nor on a shard's thread. */
    <T> Uni<T> beside(Callable<T> work) {
        return worker.call(work);
    }

    private Uni<Void> change(UnaryOperator<Declarations> change) {
        return worker.run(() -> {
            changing.lock();
            try {
                Declarations next = change.apply(all);
                if (!next.equals(all)) {
                    save.write(next);
                    all = next;
                }
            } finally {
                changing.unlock();
            }
        });
    }
}
