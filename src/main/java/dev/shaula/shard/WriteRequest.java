package dev.shaula.shard;

import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.WriteResult;
import dev.shaula.payload.FilterEvaluator;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One write in the mailbox, and who waits for its answer. Exactly one of the lists has elements.
 *
 * @param condition what must hold of a point when it is deleted; null for nothing
 */
record WriteRequest(
        List<Point> upserts,
        List<String> deletes,
        @Nullable FilterEvaluator condition,
        Ack ack,
        long bytes,
        UniEmitter<? super WriteResult> answer) {
    static WriteRequest upsert(List<Point> points, Ack ack, UniEmitter<? super WriteResult> answer) {
        return new WriteRequest(
                points,
                List.of(),
                null,
                ack,
                points.stream().mapToLong(Point::heapBytes).sum(),
                answer);
    }

    static WriteRequest delete(
            List<String> ids, @Nullable FilterEvaluator condition, Ack ack, UniEmitter<? super WriteResult> answer) {
        return new WriteRequest(
                List.of(),
                ids,
                condition,
                ack,
                ids.stream().mapToLong(id -> 64L + id.length()).sum(),
                answer);
    }

    int size() {
        return upserts.size() + deletes.size();
    }
}
