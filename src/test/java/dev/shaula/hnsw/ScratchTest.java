package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The small structures under a search, each against the collection of the JDK that does the same. */
class ScratchTest {

    @Property
    void shouldOrderKeysByDistanceThenNewestNodeFirst(
            @ForAll("distances") float a,
            @ForAll @IntRange(max = Integer.MAX_VALUE) int aNode,
            @ForAll("distances") float b,
            @ForAll @IntRange(max = Integer.MAX_VALUE) int bNode) {
        long aKey = Keys.of(a, aNode);
        long bKey = Keys.of(b, bNode);
        assertThat(Keys.node(aKey)).isEqualTo(aNode);
        assertThat(Keys.distance(aKey)).isEqualTo(a + 0f);
        // Adding zero: to a distance, 0.0 and -0.0 are the same.
        int byDistance = Float.compare(a + 0f, b + 0f);
        assertThat(Integer.signum(Long.compare(aKey, bKey)))
                .isEqualTo(Integer.signum(byDistance != 0 ? byDistance : Integer.compare(bNode, aNode)));
    }

    @Provide
    Arbitrary<Float> distances() {
        return Arbitraries.oneOf(
                Arbitraries.integers().map(Float::intBitsToFloat).filter(f -> !Float.isNaN(f)),
                Arbitraries.of(
                        0f, -0f, 1f, -1f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE, Float.POSITIVE_INFINITY));
    }

    @Property
    void shouldPutWhatIsNotANumberBehindEverything(@ForAll int bits, @ForAll("distances") float other) {
        float nan = Float.intBitsToFloat(bits | 0x7fc0_0000);
        assertThat(Keys.of(nan, Integer.MAX_VALUE)).isGreaterThan(Keys.of(other, 0));
    }

    @Property(tries = 200)
    void shouldPopInOrderAsAPriorityQueueDoes(@ForAll @Size(max = 2_000) List<Integer> steps) {
        LongHeap heap = new LongHeap();
        PriorityQueue<Long> oracle = new PriorityQueue<>();
        for (int step : steps) {
            long value = (long) step << 20;
            if (step % 3 != 0 || oracle.isEmpty()) {
                heap.push(value);
                oracle.add(value);
            } else if (step % 2 == 0) {
                assertThat(heap.pop()).isEqualTo(oracle.remove());
            } else {
                heap.replaceTop(value);
                oracle.remove();
                oracle.add(value);
            }
            assertThat(heap.size()).isEqualTo(oracle.size());
            assertThat(heap.isEmpty() || heap.top() == oracle.element()).isTrue();
        }
        while (!heap.isEmpty()) {
            assertThat(heap.pop()).isEqualTo(oracle.remove());
        }
    }

    @Property(tries = 200)
    void shouldRememberVisitsUntilReset(@ForAll @Size(max = 50) List<@IntRange(min = 1, max = 5_000) Integer> sizes) {
        VisitedSet visited = new VisitedSet();
        for (int size : sizes) {
            visited.reset(size);
            BitSet oracle = new BitSet();
            for (int node : new java.util.Random(size).ints(300, 0, size).toArray()) {
                assertThat(visited.add(node)).isEqualTo(!oracle.get(node));
                oracle.set(node);
            }
        }
    }

    @Property(tries = 200)
    void shouldCopyPagesOnlyWhenWrittenAfterPublish(
            @ForAll @Size(max = 60) List<@IntRange(min = 0, max = 400) Integer> steps) {
        EdgePages pages = new EdgePages(EdgePages.View.empty(3));
        EdgePages.View published = pages.publish();
        int[] before = {};
        int records = 0;
        for (int step : steps) {
            if (step % 4 == 0 || records == 0) {
                assertThat(pages.append(step)).isEqualTo(records);
                records += step;
            } else if (step % 4 == 1) {
                published = pages.publish();
                before = content(published);
            } else {
                pages.own(EdgePages.pageIndex(step % records));
                pages.page(step % records)[pages.offset(step % records)] = step;
            }
            assertThat(content(published)).isEqualTo(before);
        }
        assertThat(pages.peek().records()).isEqualTo(records);
    }

    private static int[] content(EdgePages.View view) {
        int[] all = new int[view.records() * view.stride()];
        for (int r = 0; r < view.records(); r++) {
            System.arraycopy(view.page(r), view.offset(r), all, r * view.stride(), view.stride());
        }
        return all;
    }

    @Property(tries = 100)
    void shouldHoldNodesAsASetDoesAlsoWhenItIsUsedAgain(
            @ForAll @Size(max = 3_000) List<@IntRange(max = 5_000) Integer> few,
            @ForAll @Size(max = 100) List<@IntRange(max = Integer.MAX_VALUE) Integer> any) {
        NodeSet set = new NodeSet();
        for (List<Integer> nodes : List.of(few, any, few)) {
            set.clear();
            Set<Integer> oracle = new HashSet<>();
            for (int node : nodes) {
                assertThat(set.add(node)).isEqualTo(oracle.add(node));
            }
        }
    }
}
