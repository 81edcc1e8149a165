package dev.shaula.shard;

import dev.shaula.model.Filter;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the filters of late accept in one snapshot. Applications ask with the same few filters again and again, and a
 * snapshot never changes, so what was found once holds for as long as it lives; the next snapshot begins with nothing.
 *
 * <p>{@value #PLACES} places, each for one filter: at most 2 bytes for each row and {@value #MOST_FILTER_BYTES} bytes a
 * place. A filter may stand in either of two; one that finds both taken drives out what stands in one of them. Thread-safe and
 * without a lock.
 */
final class MatchCache {
    private static final int PLACES = 16;
    /** Longer filters are not kept: they are rarely asked twice, and comparing them takes its time too. */
    private static final int MOST_FILTER_BYTES = 4_096;

    private static final int NODE_BYTES = 64;

    private final AtomicReferenceArray<@Nullable Entry> places = new AtomicReferenceArray<>(PLACES);

    private record Entry(Filter filter, Matches matches) {}

    /** What the filter accepts: kept from before, or found now. */
    Matches get(Filter filter, Supplier<Matches> find) {
        int hash = spread(filter.hashCode());
        int first = hash & (PLACES - 1);
        int second = (hash >>> 8) & (PLACES - 1);
        Entry a = places.get(first);
        if (a != null && a.filter.equals(filter)) {
            return a.matches;
        }
        Entry b = places.get(second);
        if (b != null && b.filter.equals(filter)) {
            return b.matches;
        }
        Matches found = find.get();
        if (bytes(filter, MOST_FILTER_BYTES) <= MOST_FILTER_BYTES) {
            // Of two filters that meet in one place, the older one is asked again as likely as not: bit 16 is a coin.
            boolean takesFirst = a == null || (b != null && (hash & 1 << 16) == 0);
            places.set(takesFirst ? first : second, new Entry(filter, found));
        }
        return found;
    }

    private static int spread(int hash) {
        int h = hash * 0x9e3779b9;
        return h ^ (h >>> 15);
    }

    /** Heap of what is kept, about. */
    long heapBytes() {
        long all = 0;
        for (int i = 0; i < PLACES; i++) {
            Entry entry = places.get(i);
            if (entry != null) {
                all += entry.matches.heapBytes() + bytes(entry.filter, MOST_FILTER_BYTES);
            }
        }
        return all;
    }

    /** Heap of a filter, about; more than {@code most}, but not how much, if it takes more. */
    private static long bytes(Filter filter, long most) {
        return NODE_BYTES
                + switch (filter) {
                    case Filter.And and -> bytes(and.conditions(), most - NODE_BYTES);
                    case Filter.Or or -> bytes(or.conditions(), most - NODE_BYTES);
                    case Filter.Not not -> bytes(not.condition(), most - NODE_BYTES);
                    case Filter.Compare c -> text(c.field()) + bytes(c.value());
                    case Filter.In in -> text(in.field()) + valueBytes(in.values(), most);
                    case Filter.NotIn in -> text(in.field()) + valueBytes(in.values(), most);
                    case Filter.Exists e -> text(e.field());
                    case Filter.Prefix p -> text(p.field()) + text(p.prefix());
                    case Filter.Words w -> text(w.field()) + text(w.text());
                    case Filter.GeoRadius g -> text(g.field());
                    case Filter.GeoBox g -> text(g.field());
                };
    }

    private static long bytes(List<Filter> filters, long most) {
        long all = 0;
        for (int i = 0; i < filters.size() && all <= most; i++) {
            all += bytes(filters.get(i), most - all);
        }
        return all;
    }

    private static long valueBytes(List<Filter.Value> values, long most) {
        long all = 0;
        for (int i = 0; i < values.size() && all <= most; i++) {
            all += bytes(values.get(i));
        }
        return all;
    }

    private static long bytes(Filter.Value value) {
        return 24 + (value instanceof Filter.Value.Text t ? text(t.text()) : 0);
    }

    private static long text(String text) {
        return 40 + 2L * text.length();
    }
}
