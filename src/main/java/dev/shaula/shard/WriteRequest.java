package dev.shaula.shard;

import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import dev.shaula.payload.MetadataEditor;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One write in the mailbox, and who waits for its answer. */
record WriteRequest(Change change, Ack ack, long bytes, UniEmitter<? super WriteResult> answer) {

    /** What is to be written. */
    sealed interface Change {
        int size();

        /** The id of the {@code i}-th point. */
        String id(int i);
    }

    /**
     * Points to be stored.
     *
     * @param conditions one for each point, and then no id stands twice; empty if there are none
     */
    record Upsert(List<Point> points, List<Precondition> conditions) implements Change {
        @Override
        public int size() {
            return points.size();
        }

        @Override
        public String id(int i) {
            return points.get(i).id();
        }
    }

    /**
     * Points to be deleted.
     *
     * @param condition what must hold of a point when its turn comes; null for nothing
     */
    record Delete(List<String> ids, @Nullable FilterEvaluator condition) implements Change {
        @Override
        public int size() {
            return ids.size();
        }

        @Override
        public String id(int i) {
            return ids.get(i);
        }
    }

    /**
     * Points whose metadata is to be changed.
     *
     * @param condition what must hold of a point when its turn comes; null for nothing
     */
    record Update(List<String> ids, @Nullable FilterEvaluator condition, MetadataEditor editor) implements Change {
        @Override
        public int size() {
            return ids.size();
        }

        @Override
        public String id(int i) {
            return ids.get(i);
        }
    }

    static WriteRequest upsert(List<Point> points, Ack ack, UniEmitter<? super WriteResult> answer) {
        return upsert(points, List.of(), ack, answer);
    }

    static WriteRequest upsert(
            List<Point> points, List<Precondition> conditions, Ack ack, UniEmitter<? super WriteResult> answer) {
        long bytes = points.stream().mapToLong(Point::heapBytes).sum();
        return new WriteRequest(new Upsert(points, conditions), ack, bytes, answer);
    }

    static WriteRequest delete(
            List<String> ids, @Nullable FilterEvaluator condition, Ack ack, UniEmitter<? super WriteResult> answer) {
        return new WriteRequest(new Delete(ids, condition), ack, bytesOf(ids), answer);
    }

    static WriteRequest update(Update update, Ack ack, UniEmitter<? super WriteResult> answer) {
        long bytes = bytesOf(update.ids) + update.editor.change().heapBytes();
        return new WriteRequest(update, ack, bytes, answer);
    }

    private static long bytesOf(List<String> ids) {
        return ids.stream().mapToLong(id -> 64L + id.length()).sum();
    }

    int size() {
        return change.size();
    }

    /** Whether nothing but deletes is asked for. */
    boolean deletes() {
        return change instanceof Delete;
    }

    /** Whether the answer says which versions points have. */
    boolean isConditional() {
        return change instanceof Upsert upsert && !upsert.conditions.isEmpty();
    }
}
