package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.BitmapContainer;
import org.roaringbitmap.RoaringBitmap;

/**
 * One index as one snapshot sees it: segments that follow one another up to the last row. Adding a batch costs as much
 * as the batch, and now and then a merge of what has gathered: segments grow like the digits of a number, so each row is
 * merged some 16 times, and no merge is of more than {@value #MOST_ROWS} rows. Immutable.
 *
 * @param index what was declared
 * @param segments of consecutive rows
 */
record IndexedField(FieldIndex index, List<IndexSegment> segments) {
    private static final int MOST_ROWS = 1 << 17;
    private static final long MOST_BYTES = 64L << 20;
    /** Sorting a row in costs about as much as passing over so many words of bits. */
    private static final int WORDS_PER_ROW = 8;
    /** A radix sort, as RoaringBitmap has one, costs 30 us for any few rows; a comparing one 2 us for 100. */
    private static final int MOST_SORTED = 2_048;
    /** A RoaringBitmap is made of containers of 65,536 rows. */
    private static final int CONTAINER_WORDS = 1 << 10;

    /** Without a row. */
    static IndexedField empty(FieldIndex index) {
        return new IndexedField(index, List.of());
    }

    void writeTo(LittleEndianOutput out) throws IOException {
        IndexFormat.write(out, Terms.encode(index.kind().wireName()));
        IndexFormat.write(out, Terms.encode(index.field()));
        out.writeInt(segments.size());
        for (IndexSegment segment : segments) {
            segment.writeTo(out);
        }
    }

    /** As {@link #writeTo} left it; it must cover {@code rows} rows. */
    static IndexedField readFrom(LittleEndianInput in, int rows) throws IOException {
        FieldIndex index = readIndex(in);
        List<IndexSegment> segments = new ArrayList<>();
        int end = 0;
        for (int left = in.readInt("segments", 0, Integer.MAX_VALUE); left > 0; left--) {
            IndexSegment segment = IndexSegment.readFrom(in, index.kind());
            IndexFormat.check(segment.from() == end, "expected segments to follow one another");
            end = segment.to();
            segments.add(segment);
        }
        IndexFormat.check(end == rows, "expected it to cover " + rows + " rows, found " + end);
        return new IndexedField(index, List.copyOf(segments));
    }

    private static FieldIndex readIndex(LittleEndianInput in) throws IOException {
        try {
            FieldIndex.Kind kind = FieldIndex.Kind.fromWireName(Terms.decode(IndexFormat.readBytes(in)));
            return new FieldIndex(Terms.decode(IndexFormat.readBytes(in)), kind);
        } catch (VectorDbException e) {
            throw new IOException("an index: " + e.getMessage(), e);
        }
    }

    /** Whether it covers every row. */
    boolean isReady() {
        return segments.isEmpty() || segments.getFirst().from() == 0;
    }

    long rows() {
        return segments.isEmpty()
                ? 0
                : segments.getLast().to() - segments.getFirst().from();
    }

    long heapBytes() {
        return segments.stream().mapToLong(IndexSegment::heapBytes).sum();
    }

    IndexedField append(IndexSegment next) {
        List<IndexSegment> all = new ArrayList<>(segments);
        all.add(next);
        while (all.size() > 1 && worthMerging(all.get(all.size() - 2), all.getLast())) {
            IndexSegment last = all.removeLast();
            all.add(all.removeLast().merge(last));
        }
        return new IndexedField(index, List.copyOf(all));
    }

    private static boolean worthMerging(IndexSegment a, IndexSegment b) {
        return a.rows() < 2L * b.rows()
                && a.rows() + b.rows() <= MOST_ROWS
                && a.heapBytes() + b.heapBytes() <= MOST_BYTES;
    }

    /** With the segments of the rows before its first; what they cover already is left as it is. */
    IndexedField prepend(List<IndexSegment> earlier) {
        List<IndexSegment> all = new ArrayList<>(earlier);
        all.addAll(segments);
        return new IndexedField(index, List.copyOf(all));
    }

    /**
     * The rows that satisfy a condition on this field, which is no combination of others; null if this index cannot
     * tell. What is returned may be shared and is not to be changed.
     */
    @Nullable
    RoaringBitmap rows(Filter leaf) {
        return switch (leaf) {
            case Filter.Exists e -> union(IndexSegment::present);
            case Filter.Compare c when c.op() == Filter.Op.EQ || c.op() == Filter.Op.NE -> equal(c.value());
            case Filter.Compare c -> ordered(c.op(), c.value());
            case Filter.In in -> anyOf(in.values());
            case Filter.NotIn in -> anyOf(in.values());
            case Filter.Prefix p -> isTerms() ? prefixed(Terms.encode(p.prefix())) : null;
            case Filter.Words w -> index.kind() == FieldIndex.Kind.TEXT ? words(w.text()) : null;
            case Filter.GeoRadius g -> places(new Area.Circle(g.lat(), g.lon(), g.metres()));
            case Filter.GeoBox g -> places(new Area.Box(g.south(), g.west(), g.north(), g.east()));
            case Filter.And and -> throw new IllegalArgumentException("no leaf: " + and);
            case Filter.Or or -> throw new IllegalArgumentException("no leaf: " + or);
            case Filter.Not not -> throw new IllegalArgumentException("no leaf: " + not);
        };
    }

    private boolean isTerms() {
        return index.kind() == FieldIndex.Kind.KEYWORD;
    }

    private boolean isNumbers() {
        return index.kind() == FieldIndex.Kind.INTEGER || index.kind() == FieldIndex.Kind.FLOAT;
    }

    private RoaringBitmap union(Function<IndexSegment, RoaringBitmap> ofSegment) {
        if (segments.size() == 1) {
            return ofSegment.apply(segments.getFirst());
        }
        RoaringBitmap all = new RoaringBitmap();
        for (IndexSegment segment : segments) {
            all.or(ofSegment.apply(segment));
        }
        return all;
    }

    private RoaringBitmap terms(Function<TermPostings, RoaringBitmap> ofPostings) {
        return union(segment -> ofPostings.apply((TermPostings) segment.postings()));
    }

    /** The rows with a key from {@code least} to {@code most}, both included. */
    private RoaringBitmap keys(long least, long most) {
        if (least > most || segments.isEmpty()) {
            return new RoaringBitmap();
        }
        int[] from = new int[segments.size()];
        int[] to = new int[segments.size()];
        int found = 0;
        for (int i = 0; i < from.length; i++) {
            KeyPostings postings = (KeyPostings) segments.get(i).postings();
            from[i] = postings.from(least);
            to[i] = postings.to(most);
            found += to[i] - from[i];
        }
        int words = (segments.getLast().to() + 63) >>> 6;
        return found < words / WORDS_PER_ROW ? fewKeys(from, to, found) : manyKeys(from, to, words);
    }

    private RoaringBitmap fewKeys(int[] from, int[] to, int found) {
        int[] rows = new int[found];
        int n = 0;
        for (int i = 0; i < from.length; i++) {
            ((KeyPostings) segments.get(i).postings()).copyRows(from[i], to[i], rows, n);
            n += to[i] - from[i];
        }
        if (found > MOST_SORTED) {
            return RoaringBitmap.bitmapOfUnordered(rows);
        }
        Arrays.sort(rows);
        return RoaringBitmap.bitmapOf(rows);
    }

    /**
     * Sets the bits of all segments in one array first: each bitmap of its own would only be merged into the next. And keeps
     * them as words even where a list of rows would be shorter, since words are what searches want: making 3,000 of 60,000
     * rows a list and words again took 25 of 35 us.
     */
    private RoaringBitmap manyKeys(int[] from, int[] to, int words) {
        long[] bits = new long[(words + CONTAINER_WORDS - 1) / CONTAINER_WORDS * CONTAINER_WORDS];
        for (int i = 0; i < from.length; i++) {
            ((KeyPostings) segments.get(i).postings()).addRows(from[i], to[i], bits);
        }
        RoaringBitmap rows = new RoaringBitmap();
        for (int first = 0; first < bits.length; first += CONTAINER_WORDS) {
            long[] container = Arrays.copyOfRange(bits, first, first + CONTAINER_WORDS);
            int count = 0;
            for (long word : container) {
                count += Long.bitCount(word);
            }
            if (count > 0) {
                rows.append((char) (first / CONTAINER_WORDS), new BitmapContainer(container, count));
            }
        }
        return rows;
    }

    private @Nullable RoaringBitmap equal(Value value) {
        return switch (value) {
            case Value.Null n -> union(IndexSegment::nulls);
            case Value.Text t -> {
                byte[] term = Terms.encode(t.text());
                yield isTerms() ? terms(postings -> postings.rows(term)) : null;
            }
            case Value.Num n -> {
                long key = KeyPostings.keyOf(n.number());
                yield isNumbers() ? keys(key, key) : null;
            }
            case Value.Bool b -> {
                long key = b.bool() ? 1 : 0;
                yield index.kind() == FieldIndex.Kind.BOOLEAN ? keys(key, key) : null;
            }
        };
    }

    private @Nullable RoaringBitmap anyOf(List<Value> values) {
        RoaringBitmap all = new RoaringBitmap();
        for (Value value : values) {
            RoaringBitmap one = equal(value);
            if (one == null) {
                return null;
            }
            all.or(one);
        }
        return all;
    }

    private @Nullable RoaringBitmap ordered(Filter.Op op, Value value) {
        return switch (value) {
            case Value.Num n -> isNumbers() ? between(op, KeyPostings.keyOf(n.number())) : null;
            case Value.Text t -> {
                long micros = Times.micros(t.text());
                if (micros != Times.NONE) {
                    yield index.kind() == FieldIndex.Kind.DATETIME ? between(op, micros) : null;
                }
                yield isTerms() ? between(op, Terms.encode(t.text())) : null;
            }
            case Value.Bool b -> new RoaringBitmap();
            case Value.Null n -> new RoaringBitmap();
        };
    }

    /** Keys are never the least or greatest of all longs, so that a step beyond them does not overflow. */
    private RoaringBitmap between(Filter.Op op, long bound) {
        return switch (op) {
            case GT -> keys(bound + 1, Long.MAX_VALUE);
            case GTE -> keys(bound, Long.MAX_VALUE);
            case LT -> keys(Long.MIN_VALUE, bound - 1);
            case LTE -> keys(Long.MIN_VALUE, bound);
            case EQ, NE -> throw new IllegalArgumentException("not an order: " + op);
        };
    }

    private RoaringBitmap between(Filter.Op op, byte[] bound) {
        return terms(postings -> switch (op) {
            case GT -> postings.rows(postings.higher(bound), postings.termCount());
            case GTE -> postings.rows(postings.ceiling(bound), postings.termCount());
            case LT -> postings.rows(0, postings.ceiling(bound));
            case LTE -> postings.rows(0, postings.higher(bound));
            case EQ, NE -> throw new IllegalArgumentException("not an order: " + op);
        });
    }

    private RoaringBitmap prefixed(byte[] prefix) {
        return terms(postings -> {
            int from = postings.ceiling(prefix);
            return postings.rows(from, postings.endOfPrefix(from, prefix));
        });
    }

    private RoaringBitmap words(String text) {
        RoaringBitmap all = null;
        for (String word : Words.of(text)) {
            byte[] term = Terms.encode(word);
            RoaringBitmap one = terms(postings -> postings.rows(term));
            all = all == null ? one : RoaringBitmap.and(all, one);
        }
        return all == null ? new RoaringBitmap() : all;
    }

    private @Nullable RoaringBitmap places(Area area) {
        return index.kind() == FieldIndex.Kind.GEO
                ? union(segment -> ((KeyPostings) segment.postings()).rows(area))
                : null;
    }

    /** Whether it knows each value as the field has it. */
    boolean knowsValues() {
        return switch (index.kind()) {
            case KEYWORD, INTEGER, FLOAT, BOOLEAN -> true;
            case DATETIME, GEO, TEXT -> false;
        };
    }

    /** A value of postings of a kind that {@link #knowsValues}. */
    Value valueOf(Postings postings, int value) {
        return switch (postings) {
            case TermPostings terms -> new Value.Text(Terms.decode(terms.term(value)));
            case KeyPostings keys ->
                index.kind() == FieldIndex.Kind.BOOLEAN
                        ? new Value.Bool(keys.key(value) != 0)
                        : new Value.Num(KeyPostings.numberOf(keys.key(value)));
        };
    }

    boolean hasOrder() {
        return index.kind() != FieldIndex.Kind.GEO && index.kind() != FieldIndex.Kind.TEXT;
    }

    /** An order of the first {@code rows} rows; null if values of this kind have none. */
    @Nullable
    RowOrder order(int rows, boolean descending) {
        return switch (index.kind()) {
            case KEYWORD -> new TermOrder(segments, rows, descending);
            case INTEGER, FLOAT, BOOLEAN, DATETIME -> new KeyOrder(segments, rows, descending);
            case GEO, TEXT -> null;
        };
    }

    /** Whether some row has the field under {@code metadata.} too. */
    boolean isPrefixed() {
        return segments.stream().anyMatch(IndexSegment::prefixed);
    }
}
