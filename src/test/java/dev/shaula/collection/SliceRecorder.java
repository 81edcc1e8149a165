package dev.shaula.collection;

import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;

/** What a stream writes, answered by an executor: at once, from other threads, or when the test says so. */
@NullMarked
final class SliceRecorder implements UpsertStream.Writer {
    final List<List<Integer>> slices = new CopyOnWriteArrayList<>();
    /** Points, in the order in which they were handed over. */
    final List<Integer> written = new CopyOnWriteArrayList<>();

    final AtomicInteger mostAtOnce = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();
    private final Executor executor;
    private final int failingSlice;

    SliceRecorder(Executor executor) {
        this(executor, -1);
    }

    SliceRecorder(Executor executor, int failingSlice) {
        this.executor = executor;
        this.failingSlice = failingSlice;
    }

    @Override
    public void check(Point point, long position) {
        if (Float.isNaN(point.vector()[0])) {
            throw VectorDbException.invalid("vectors[" + position + "].vector: is bad");
        }
    }

    @Override
    public Uni<WriteResult> write(List<Point> slice) {
        return Uni.createFrom().emitter(emitter -> {
            mostAtOnce.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            List<Integer> numbers =
                    slice.stream().map(p -> Integer.parseInt(p.id())).toList();
            boolean fails = slices.size() == failingSlice;
            slices.add(numbers);
            written.addAll(numbers);
            executor.execute(() -> {
                underWay.decrementAndGet();
                if (fails) {
                    emitter.fail(VectorDbException.unavailable("disk is gone"));
                } else {
                    emitter.complete(new WriteResult(slice.size(), List.of()));
                }
            });
        });
    }
}
