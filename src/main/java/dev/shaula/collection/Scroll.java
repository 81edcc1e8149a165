package dev.shaula.collection;

import dev.shaula.model.ScrollRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.shard.ShardReading;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * A reading of a whole collection: the readings of its shards, brought into one order. Immutable apart from them; where
 * a reader stands is a {@link Position}, which is the reader's.
 */
final class Scroll {
    private final ScrollRequest.Order order;
    private final List<ShardReading> parts;
    private final long total;
    private final long heapBytes;
    private final long seed = new SplittableRandom().nextLong();

    /** How many points of each shard lie behind a reader. */
    record Position(int[] behind) {
        Position after(int[] taken) {
            int[] next = behind.clone();
            for (int s = 0; s < next.length; s++) {
                next[s] += taken[s];
            }
            return new Position(next);
        }
    }

    /** Points in order, where the reader stands after them, and whether that is the end. */
    record Step(List<StoredPoint> points, Position next, boolean last) {}

    Scroll(ScrollRequest.Order order, List<ShardReading> parts) {
        this.order = order;
        this.parts = List.copyOf(parts);
        this.total = parts.stream().mapToLong(ShardReading::count).sum();
        this.heapBytes = parts.stream().mapToLong(ShardReading::heapBytes).sum();
    }

    long total() {
        return total;
    }

    long heapBytes() {
        return heapBytes;
    }

    Position begin() {
        return new Position(new int[parts.size()]);
    }

    /** Whether {@code position} is one that a reader of this collection can be at. */
    boolean isWithin(Position position) {
        int[] behind = position.behind();
        if (behind.length != parts.size()) {
            return false;
        }
        for (int s = 0; s < behind.length; s++) {
            if (behind[s] < 0 || behind[s] > parts.get(s).count()) {
                return false;
            }
        }
        return true;
    }

    private boolean isEnd(Position position) {
        return Arrays.stream(position.behind()).asLongStream().sum() == total;
    }

    /** The next points: at most {@code limit}, and none after as many as take {@code maxBytes}. */
    Uni<Step> step(Position from, int limit, long maxBytes) {
        return plan(from, limit).chain(shards -> fetch(from, shards, maxBytes));
    }

    void close() {
        parts.forEach(ShardReading::close);
    }

    /** The shard of each of the next points. */
    private Uni<int[]> plan(Position from, int limit) {
        return switch (order) {
            case ID, FIELD -> parts.size() > 1 ? planByKey(from, limit) : planned(() -> planInTurn(from, limit));
            case INSERTION -> planned(() -> planInTurn(from, limit));
            case RANDOM -> planned(() -> planByChance(from, limit));
        };
    }

    private static Uni<int[]> planned(Supplier<int[]> plan) {
        return Uni.createFrom().item(plan);
    }

    /** Each next point is of a shard with the probability of its share in what is left. */
    private int[] planByChance(Position from, int limit) {
        int[] left = new int[parts.size()];
        long leftInAll = 0;
        for (int s = 0; s < left.length; s++) {
            left[s] = parts.get(s).count() - from.behind()[s];
            leftInAll += left[s];
        }
        // Of the position alone, so that the same page is planned again in the same way.
        SplittableRandom random = new SplittableRandom(seed ^ (total - leftInAll));
        int[] shards = new int[(int) Math.min(limit, leftInAll)];
        for (int i = 0; i < shards.length; i++) {
            long chosen = random.nextLong(leftInAll--);
            int s = 0;
            while (chosen >= left[s]) {
                chosen -= left[s++];
            }
            shards[i] = s;
            left[s]--;
        }
        return shards;
    }

    private int[] planInTurn(Position from, int limit) {
        int[] shards = new int[limit];
        int n = 0;
        for (int s = 0; s < parts.size() && n < limit; s++) {
            int end = Math.min(limit, n + parts.get(s).count() - from.behind()[s]);
            Arrays.fill(shards, n, end, s);
            n = end;
        }
        return Arrays.copyOf(shards, n);
    }

    private Uni<int[]> planByKey(Position from, int limit) {
        List<Uni<List<byte[]>>> heads = new ArrayList<>();
        for (int s = 0; s < parts.size(); s++) {
            heads.add(parts.get(s).keys(from.behind()[s], limit));
        }
        return Uni.join().all(heads).andFailFast().map(keys -> merge(keys, limit));
    }

    private static int[] merge(List<List<byte[]>> keys, int limit) {
        int[] at = new int[keys.size()];
        int[] shards = new int[limit];
        for (int n = 0; n < limit; n++) {
            int least = withLeastKey(keys, at);
            if (least < 0) {
                return Arrays.copyOf(shards, n);
            }
            shards[n] = least;
            at[least]++;
        }
        return shards;
    }

    /** The list whose next key comes first; -1 if all are at their end. */
    private static int withLeastKey(List<List<byte[]>> keys, int[] at) {
        int least = -1;
        byte[] leastKey = {};
        for (int s = 0; s < at.length; s++) {
            if (at[s] < keys.get(s).size()) {
                byte[] key = keys.get(s).get(at[s]);
                if (least < 0 || Arrays.compareUnsigned(key, leastKey) < 0) {
                    least = s;
                    leastKey = key;
                }
            }
        }
        return least;
    }

    private Uni<Step> fetch(Position from, int[] shards, long maxBytes) {
        int[] wanted = new int[parts.size()];
        for (int shard : shards) {
            wanted[shard]++;
        }
        long asked = Arrays.stream(wanted).filter(n -> n > 0).count();
        long share = maxBytes / Math.max(1, asked);
        List<Uni<List<StoredPoint>>> answers = new ArrayList<>();
        for (int s = 0; s < wanted.length; s++) {
            answers.add(
                    wanted[s] == 0
                            ? Uni.createFrom().item(List.of())
                            : parts.get(s).points(from.behind()[s], wanted[s], share));
        }
        return Uni.join().all(answers).andFailFast().map(found -> assemble(from, shards, found));
    }

    /** In planned order, up to the first point that a shard left out because its share of bytes was used up. */
    private Step assemble(Position from, int[] shards, List<List<StoredPoint>> found) {
        int[] taken = new int[found.size()];
        List<StoredPoint> points = new ArrayList<>(shards.length);
        for (int shard : shards) {
            if (taken[shard] == found.get(shard).size()) {
                break;
            }
            points.add(found.get(shard).get(taken[shard]++));
        }
        Position next = from.after(taken);
        return new Step(points, next, isEnd(next));
    }
}
