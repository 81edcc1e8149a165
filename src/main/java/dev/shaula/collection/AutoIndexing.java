package dev.shaula.collection;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.FoundFields;
import dev.shaula.model.Metadata;
import dev.shaula.shard.ShardRuntime;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Declares an index on each field of the metadata when it comes for the first time: before the rows that bring it are
 * written, so that it covers them from the start and is there when they are acknowledged. Rows are looked at beside
 * event loops and shards, and not at all once there is no room for another index. Thread-safe.
 */
final class AutoIndexing {
    private static final Logger LOG = Logger.getLogger(AutoIndexing.class);

    private final DeclaredIndexes declared;
    private final Function<FieldIndex, Uni<Void>> create;
    /** Finds what no shard has an index on; null while nothing is looked for. */
    private volatile @Nullable Function<List<Metadata>, FoundFields> survey;

    /** @param create on every shard, to no effect if it is there */
    AutoIndexing(DeclaredIndexes declared, Function<FieldIndex, Uni<Void>> create) {
        this.declared = declared;
        this.create = create;
        refresh();
    }

    /** To be called when indexes were declared or dropped, and all shards know. */
    void refresh() {
        Declarations now = declared.all();
        survey = declared.looksForMore() ? ShardRuntime.fieldSurvey(now.indexes(), now.leftOut()) : null;
    }

    /**
     * Writes metadata that may have new fields. An index that cannot be declared keeps no row from being written: filters
     * are exact without.
     */
    <T> Uni<T> before(Supplier<List<Metadata>> rows, Supplier<Uni<T>> write) {
        Function<List<Metadata>, FoundFields> looking = survey;
        if (looking == null) {
            return write.get();
        }
        return declared.beside(() -> looking.apply(rows.get()))
                .chain(found -> found.isEmpty() ? Uni.createFrom().voidItem() : declare(found))
                .onFailure()
                .invoke(e -> LOG.warnf(e, "fields could not be indexed by themselves; it will be tried again"))
                .onFailure()
                .recoverWithNull()
                .chain(() -> write.get());
    }

    private Uni<Void> declare(FoundFields found) {
        return declared.take(found)
                .chain(() -> Multi.createFrom()
                        .iterable(found.indexable())
                        .filter(declared.all().indexes()::contains)
                        .onItem()
                        .transformToUniAndConcatenate(create::apply)
                        .collect()
                        .last())
                .invoke(done -> refresh());
    }
}
