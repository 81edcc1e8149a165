package dev.shaula.collection;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** The indexes that a collection has been told to have, as its manifest says. One change at a time. Thread-safe. */
final class DeclaredIndexes {
    private final Function<List<FieldIndex>, Uni<Void>> save;
    private final AtomicBoolean changing = new AtomicBoolean();
    private volatile List<FieldIndex> all;

    /** @param save writes the manifest with these indexes */
    DeclaredIndexes(List<FieldIndex> all, Function<List<FieldIndex>, Uni<Void>> save) {
        this.all = List.copyOf(all);
        this.save = save;
    }

    /** Throws INVALID if they are too many. */
    static void check(List<FieldIndex> indexes) {
        if (indexes.size() > Limits.MAX_INDEXES) {
            throw VectorDbException.invalid("indexes: expected at most " + Limits.MAX_INDEXES + " in a collection");
        }
    }

    List<FieldIndex> all() {
        return all;
    }

    Uni<Void> add(FieldIndex index) {
        return change(indexes -> {
            if (!indexes.contains(index)) {
                indexes.add(index);
            }
        });
    }

    Uni<Void> remove(FieldIndex index) {
        return change(indexes -> indexes.remove(index));
    }

    private interface Change {
        void apply(List<FieldIndex> indexes);
    }

    private Uni<Void> change(Change change) {
        return Uni.createFrom().deferred(() -> {
            if (!changing.compareAndSet(false, true)) {
                throw VectorDbException.conflict("indexes: another change is under way; try again");
            }
            return Uni.createFrom()
                    .deferred(() -> saved(change))
                    .onTermination()
                    .invoke(() -> changing.set(false));
        });
    }

    private Uni<Void> saved(Change change) {
        List<FieldIndex> next = new ArrayList<>(all);
        change.apply(next);
        if (next.equals(all)) {
            return Uni.createFrom().voidItem();
        }
        check(next);
        return save.apply(next).invoke(() -> all = List.copyOf(next));
    }
}
