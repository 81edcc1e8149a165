package dev.shaula.vectors;

import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Float32 rows with the codes that searches walk on. The codes are a pure function of the rows and of how many of them
 * are linked: they are never stored, but made again after the start. Until they are there, views measure the floats.
 *
 * <p>Codes are made as rows are added, those of 1 bit unless many rows wait to be linked. These are around the mean of the
 * first {@code T} rows, {@code T} a power of two: whenever the linked rows reach the next one, codes around the new mean
 * are begun and catch up by {@value #CATCH_UP} rows for each that is linked, until they take over. So the centre follows
 * the data, no writer ever waits for training, and nothing depends on time.
 *
 * <p>One thread appends and links; {@link #encode} may run on several.
 */
public final class CodedRows {
    private static final int FIRST_TRAINING = 1_024;
    private static final int CATCH_UP = 8;
    /** Rows that a mean is taken of, evenly spaced: the error of a mean of so many is far below the spread of one row. */
    private static final int SAMPLE = 16_384;

    /** Rows not linked yet that get 1-bit codes when they are planned: a longer backlog would hold the shard's thread up. */
    private static final int MOST_WAITING = 1_024;

    private static final int PIECE = 64;

    private final Metric metric;
    private final FloatRows rows;
    private final @Nullable Rotation rotation;
    private final @Nullable ScalarCodes scalars;
    private final CodeScratch scratch;

    private @Nullable BitCodes current;
    private @Nullable BitCodes next;
    private int training = FIRST_TRAINING;
    /** What {@link #encode} has to do. */
    private final List<Piece> pieces = new ArrayList<>();
    /** False from when rows come without codes until a plan finds that nothing is left to be encoded. */
    private boolean coded = true;

    private record Piece(Codes codes, int first, int end) {}

    /** Without rows yet. */
    public CodedRows(Metric metric, int dimensions, Quantization quantization) {
        this(metric, new FloatRows(dimensions), quantization);
    }

    /** Goes on behind {@code rows}, whose codes are still to be planned and encoded. */
    public CodedRows(Metric metric, FloatRows rows, Quantization quantization) {
        this.metric = metric;
        this.rows = rows;
        Quantization resolved = quantization.resolve(rows.dimensions());
        this.scalars = switch (resolved) {
            case NONE -> null;
            case INT4 -> ScalarCodes.ofFourBits(metric, rows.dimensions());
            case AUTO, INT8, BITS -> ScalarCodes.ofEightBits(metric, rows.dimensions());
        };
        this.rotation = resolved == Quantization.BITS ? Rotation.of(rows.dimensions()) : null;
        this.scratch = new CodeScratch(rows.dimensions());
        this.coded = scalars == null || rows.count() == 0;
    }

    public int count() {
        return rows.count();
    }

    /** Scratch for {@link #encode}. */
    public CodeScratch scratch() {
        return new CodeScratch(rows.dimensions());
    }

    /** Copies a vector of {@code d} finite floats behind the last row; returns its ordinal. */
    public int append(float[] vector) {
        int ordinal = rows.append(vector);
        encodeLast();
        return ordinal;
    }

    /** Copies row {@code ordinal} of {@code from}, of the same dimensions, behind the last row. */
    public void appendFrom(FloatRows.View from, int ordinal) {
        rows.appendFrom(from, ordinal);
        encodeLast();
    }

    private void encodeLast() {
        if (scalars != null) {
            encodeLast(scalars);
        }
        if (current != null) {
            encodeLast(current);
        }
    }

    /** Unless others before are due, and this one with them. */
    private void encodeLast(Codes codes) {
        int last = rows.count() - 1;
        if (codes.count() == last) {
            codes.reach(rows.count());
            codes.encode(rows.view(), last, scratch);
        }
    }

    /** True unless rows came without codes and no {@link #plan} has returned 0 since: then views are not coded. */
    public boolean coded() {
        return coded;
    }

    /**
     * Plans the codes that are due when the first {@code linked} rows are linked. All pieces are to be encoded before
     * the next call; to be called until it returns 0, in steps of the graph's builder, or once for all of them after a
     * restart, with the same result.
     *
     * @return how many pieces there are
     */
    public int plan(int linked) {
        pieces.clear();
        if (scalars != null) {
            plan(scalars, rows.count());
        }
        if (rotation != null) {
            planBits(rotation, linked);
        }
        coded |= pieces.isEmpty();
        return pieces.size();
    }

    private void planBits(Rotation sharedRotation, int linked) {
        takeOver(linked);
        if (current == null && next == null) {
            while (caughtUp(2L * training, linked)) {
                training *= 2;
            }
        }
        if (next == null && linked >= training) {
            next = new BitCodes(metric, sharedRotation, mean(training));
        }
        if (current != null) {
            plan(current, Math.min(rows.count(), linked + MOST_WAITING));
        }
        if (next != null) {
            plan(next, Math.min(linked, CATCH_UP * (linked - training)));
        }
    }

    /** Encodes one piece of the plan. Different pieces may be encoded by different threads, each with its scratch. */
    public void encode(int piece, CodeScratch own) {
        Piece p = pieces.get(piece);
        FloatRows.View view = rows.view();
        for (int row = p.first; row < p.end; row++) {
            p.codes.encode(view, row, own);
        }
    }

    private void plan(Codes codes, int end) {
        for (int first = codes.count(); first < end; first += PIECE) {
            pieces.add(new Piece(codes, first, Math.min(end, first + PIECE)));
        }
        codes.reach(Math.max(end, codes.count()));
    }

    private void takeOver(int linked) {
        if (next != null && next.count() > 0 && caughtUp(training, linked)) {
            current = next;
            next = null;
            training *= 2;
        }
    }

    private static boolean caughtUp(long trained, int linked) {
        return CATCH_UP * (linked - trained) >= linked;
    }

    private float[] mean(int n) {
        FloatRows.View view = rows.view();
        double[] sums = new double[rows.dimensions()];
        int apart = Math.max(1, n / SAMPLE);
        int taken = 0;
        float[] row = new float[Rotation.paddedDimensions(rows.dimensions())];
        for (int ordinal = 0; ordinal < n; ordinal += apart) {
            view.copyScaled(ordinal, metric, row);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += row[i];
            }
            taken++;
        }
        for (int i = 0; i < sums.length; i++) {
            row[i] = (float) (sums[i] / taken);
        }
        return row;
    }

    /** The rows as they are now; for any thread. While {@link #coded}, to be called when no pieces are left to be encoded. */
    public View view() {
        return new View(
                metric,
                rows.view(),
                scalars == null || !coded ? null : scalars.view(),
                current == null || !coded ? null : current.view());
    }

    /** The first rows and their codes, immutable; for any thread. */
    public static final class View {
        private final Metric metric;
        private final FloatRows.View floats;
        private final @Nullable ScalarCodes scalars;
        private final @Nullable BitCodes bits;

        private View(Metric metric, FloatRows.View floats, @Nullable ScalarCodes scalars, @Nullable BitCodes bits) {
            this.metric = metric;
            this.floats = floats;
            this.scalars = scalars;
            this.bits = bits;
        }

        public FloatRows.View floats() {
            return floats;
        }

        public int count() {
            return floats.count();
        }

        /** Exact distances. */
        public Scorer exact(CodeScratch scratch) {
            return new FloatScorer(metric, floats, scratch.floatQuery(), scratch.addresses);
        }

        /** Exact distances of several queries at once. */
        public FloatBatch exactBatch(CodeScratch scratch) {
            return new FloatBatch(metric, floats, scratch.floatQueries());
        }

        /** Distances on codes, with a coarser {@link Scorer#walker} if there is one; exact if there are no codes. */
        public Scorer approximate(CodeScratch scratch) {
            if (scalars == null) {
                return exact(scratch);
            }
            return new ScalarScorer(scalars, bits == null ? null : new BitScorer(bits, floats, scratch), scratch);
        }

        /** True if {@link #approximate} is not exact. */
        public boolean coded() {
            return scalars != null;
        }

        /**
         * Gives the memory of rows and codes back to the system, also of those added after this view. Nobody may read
         * them any more: whoever does finds zeros.
         */
        public void discard() {
            floats.discard();
            if (scalars != null) {
                scalars.discard();
            }
            if (bits != null) {
                bits.discard();
            }
        }

        /**
         * Gives back the memory behind floats that lie in files, unless searches walk on them for want of codes. It returns
         * page by page as rows are read. Any thread; takes some ms for each GB that was read.
         */
        public void releaseFloats() {
            if (coded()) {
                floats.release();
            }
        }

        /** Bytes of native memory behind rows and codes, whole chunks. */
        public long memoryBytes() {
            return floats.memoryBytes() + codeBytes();
        }

        /** Bytes of native memory behind the codes, whole chunks. */
        public long codeBytes() {
            return (scalars == null ? 0 : scalars.memoryBytes()) + (bits == null ? 0 : bits.memoryBytes());
        }
    }
}
