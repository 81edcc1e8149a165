package dev.shaula.payload;

import java.util.Arrays;
import java.util.List;

/** Rows by their terms, code point by code point. */
final class TermOrder implements RowOrder {
    private static final int NONE = -1;

    private final TermPostings[] postings;
    /** The first row of each segment. */
    private final int[] firsts;
    /** For each row the number of its term in its segment. */
    private final int[] terms;

    private final boolean descending;

    TermOrder(List<IndexSegment> segments, int rows, boolean descending) {
        this.descending = descending;
        postings = segments.stream().map(s -> (TermPostings) s.postings()).toArray(TermPostings[]::new);
        firsts = segments.stream().mapToInt(IndexSegment::from).toArray();
        terms = new int[rows];
        Arrays.fill(terms, NONE);
        for (TermPostings each : postings) {
            each.forEachValue((term, found, n) -> {
                for (int i = 0; i < n; i++) {
                    if (descending || terms[found[i]] == NONE) {
                        terms[found[i]] = term;
                    }
                }
            });
        }
    }

    private TermPostings segmentOf(int row) {
        int at = Arrays.binarySearch(firsts, row);
        return postings[at >= 0 ? at : -at - 2];
    }

    @Override
    public int compare(int a, int b) {
        if (terms[a] == NONE || terms[b] == NONE) {
            return Boolean.compare(terms[a] == NONE, terms[b] == NONE);
        }
        int order = TermPostings.compare(segmentOf(a), terms[a], segmentOf(b), terms[b]);
        return descending ? -order : order;
    }

    /** A zero byte is followed by 255, the end is two zeros; where great comes first, all bits are turned. */
    @Override
    public byte[] key(int row) {
        if (terms[row] == NONE) {
            return new byte[] {1};
        }
        byte[] term = segmentOf(row).term(terms[row]);
        byte[] key = new byte[2 * term.length + 3];
        int n = 1;
        for (byte b : term) {
            key[n++] = b;
            if (b == 0) {
                key[n++] = (byte) 0xff;
            }
        }
        n += 2;
        for (int i = 1; descending && i < n; i++) {
            key[i] = (byte) ~key[i];
        }
        return Arrays.copyOf(key, n);
    }

    @Override
    public long heapBytes() {
        return 64 + 4L * terms.length;
    }
}
