package dev.shaula.collection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.ScrollRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardReading;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullMarked
class ScrollsTest {
    private final Object owner = new Object();
    private long nowNs = Long.MAX_VALUE - 5; // a clock that overflows, as nanoTime may
    private final Scrolls scrolls = new Scrolls(new Scrolls.Bounds(3, 1_000, Duration.ofSeconds(60)), () -> nowNs);

    /** A reading of nothing that says how much it holds, and whether it still does. */
    private static final class Reading implements ShardReading {
        private final long bytes;
        private boolean closed;

        Reading(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public int count() {
            return 10;
        }

        @Override
        public long heapBytes() {
            return bytes;
        }

        @Override
        public Uni<List<byte[]>> keys(int from, int n) {
            return Uni.createFrom().item(List.of());
        }

        @Override
        public Uni<List<StoredPoint>> points(int from, int n, long maxBytes) {
            return Uni.createFrom().item(List.of());
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private String keep(Reading reading) {
        return scrolls.keep(owner, new Scroll(ScrollRequest.Order.ID, List.of(reading)));
    }

    private boolean has(String name) {
        return scrolls.use(owner, name, scroll -> Uni.createFrom().item(true))
                .onFailure(VectorDbException.class)
                .recoverWithItem(false)
                .await()
                .atMost(Duration.ofSeconds(5));
    }

    private void pass(Duration time) {
        nowNs += time.toNanos();
    }

    @Test
    void shouldKeepAScrollAsLongAsItIsUsed() {
        Reading reading = new Reading(100);
        String name = keep(reading);
        for (int i = 0; i < 5; i++) {
            pass(Duration.ofSeconds(59));
            assertThat(has(name)).isTrue();
        }
        pass(Duration.ofSeconds(61));
        scrolls.dropIdle();
        assertThat(reading.closed).isTrue();
        assertThat(scrolls.heapBytes()).isZero();
        assertThat(has(name)).isFalse();
    }

    @Test
    void shouldNotTakeAScrollFromWhoReadsAPageForLong() {
        Reading reading = new Reading(100);
        String name = keep(reading);
        AtomicReference<@Nullable UniEmitter<? super String>> slow = new AtomicReference<>();
        Uni<String> work = scrolls.use(owner, name, scroll -> Uni.createFrom().<String>emitter(slow::set));
        AtomicReference<String> answer = new AtomicReference<>("");
        work.subscribe().with(answer::set);
        pass(Duration.ofHours(1));
        scrolls.dropIdle();
        assertThat(reading.closed).isFalse();
        UniEmitter<? super String> emitter = slow.get();
        assertThat(emitter).isNotNull();
        emitter.complete("page");
        assertThat(answer.get()).isEqualTo("page");
        assertThat(has(name)).isTrue();
    }

    @Test
    void shouldRefuseWhatItHasNoRoomForAndCloseIt() {
        keep(new Reading(100));
        keep(new Reading(600));
        Reading tooLarge = new Reading(301);
        assertThatThrownBy(() -> keep(tooLarge))
                .isInstanceOfSatisfying(
                        VectorDbException.class,
                        e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.OVERLOADED));
        assertThat(tooLarge.closed).isTrue();
        keep(new Reading(300));
        Reading oneTooMany = new Reading(0);
        assertThatThrownBy(() -> keep(oneTooMany)).hasMessageContaining("3 scrolls with 1000 bytes");
        assertThat(scrolls.count()).isEqualTo(3);
        pass(Duration.ofSeconds(61));
        keep(new Reading(1_000));
        assertThat(scrolls.count()).isEqualTo(1);
    }

    @Test
    void shouldLetFinishedScrollsGiveWay() {
        String first = keep(new Reading(100));
        String second = keep(new Reading(100));
        String third = keep(new Reading(100));
        scrolls.finish(second);
        assertThat(has(second)).isTrue();
        keep(new Reading(100));
        assertThat(has(first)).isTrue();
        assertThat(has(second)).isFalse();
        assertThat(has(third)).isTrue();
    }

    @Test
    void shouldLetGoOfEverythingOfADroppedCollection() {
        Reading mine = new Reading(1);
        keep(mine);
        Reading others = new Reading(1);
        scrolls.keep("another", new Scroll(ScrollRequest.Order.ID, List.of(others)));
        scrolls.closeAll(owner);
        assertThat(mine.closed).isTrue();
        assertThat(others.closed).isFalse();
    }
}
