package dev.shaula.vectors;

import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Float32 rows with the codes that searches walk on. The codes are a pure function of the rows and of how many of them
 * are linked: they are never stored, but made again at the start, faster than they could be read.
 *
 * <p>8-bit codes are made as rows are added. 1-bit codes are made as rows are linked, around the mean of the first
 * {@code T} rows, {@code T} a power of two: whenever the linked rows reach the next one, codes around the new mean are
 * begun and catch up by {@value #CATCH_UP} rows for each that is linked, until they take over. So the centre follows
 * the data, no writer ever waits for training, and nothing depends on time.
 *
 * <p>One thread appends and links; {@link #encode} may run on several.
 */
public final class CodedRows {
    private static final int FIRST_TRAINING = 1_024;
    private static final int CATCH_UP = 8;
    /** Rows that a mean is taken of, evenly spaced: the error of a mean of so many is far below the spread of one row. */
    private static final int SAMPLE = 16_384;

    private static final int PIECE = 64;

    private final Metric metric;
    private final FloatRows rows;
    private final @Nullable Rotation rotation;
    private final @Nullable ByteCodes bytes;
    private final CodeScratch scratch;

    private @Nullable BitCodes current;
    private @Nullable BitCodes next;
    private int training = FIRST_TRAINING;
    /** What {@link #encode} has to do: for each piece its codes and first row. */
    private final List<Piece> pieces = new ArrayList<>();

    private record Piece(BitCodes codes, int first, int end) {}

    /** Without rows yet. */
    public CodedRows(Metric metric, int dimensions, Quantization quantization) {
        this(metric, new FloatRows(dimensions), quantization);
    }

    /** Goes on behind {@code rows}, whose 8-bit codes are made here, on all cores. */
    public CodedRows(Metric metric, FloatRows rows, Quantization quantization) {
        this.metric = metric;
        this.rows = rows;
        Quantization resolved = quantization.resolve(rows.dimensions());
        this.bytes = resolved == Quantization.NONE ? null : new ByteCodes(metric, rows.dimensions());
        this.rotation = resolved == Quantization.BITS ? Rotation.of(rows.dimensions()) : null;
        this.scratch = new CodeScratch(rows.dimensions());
        if (bytes != null) {
            encodeAll(bytes);
        }
    }

    private void encodeAll(ByteCodes codes) {
        FloatRows.View view = rows.view();
        codes.reach(view.count());
        IntStream.range(0, (view.count() + PIECE - 1) / PIECE).parallel().forEach(piece -> {
            CodeScratch own = new CodeScratch(rows.dimensions());
            for (int row = piece * PIECE; row < Math.min(view.count(), (piece + 1) * PIECE); row++) {
                codes.encode(view, row, own);
            }
        });
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
        if (bytes != null) {
            bytes.reach(ordinal + 1);
            bytes.encode(rows.view(), ordinal, scratch);
        }
        return ordinal;
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
        if (rotation == null) {
            return 0;
        }
        takeOver(linked);
        if (current == null && next == null) {
            while (caughtUp(2L * training, linked)) {
                training *= 2;
            }
        }
        if (next == null && linked >= training) {
            next = new BitCodes(metric, rotation, mean(training));
        }
        if (current != null) {
            plan(current, linked);
        }
        if (next != null) {
            plan(next, Math.min(linked, CATCH_UP * (linked - training)));
        }
        return pieces.size();
    }

    /** Encodes one piece of the plan. Different pieces may be encoded by different threads, each with its scratch. */
    public void encode(int piece, CodeScratch own) {
        Piece p = pieces.get(piece);
        FloatRows.View view = rows.view();
        for (int row = p.first; row < p.end; row++) {
            p.codes.encode(view, row, own);
        }
    }

    private void plan(BitCodes codes, int end) {
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

    /** The rows as they are now; for any thread. */
    public View view() {
        return new View(
                metric, rows.view(), bytes == null ? null : bytes.view(), current == null ? null : current.view());
    }

    /** The first rows and their codes, immutable; for any thread. */
    public static final class View {
        private final Metric metric;
        private final FloatRows.View floats;
        private final @Nullable ByteCodes bytes;
        private final @Nullable BitCodes bits;

        private View(Metric metric, FloatRows.View floats, @Nullable ByteCodes bytes, @Nullable BitCodes bits) {
            this.metric = metric;
            this.floats = floats;
            this.bytes = bytes;
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
            return new FloatScorer(metric, floats, scratch.floatQuery());
        }

        /** Distances on codes, with a coarser {@link Scorer#walker} if there is one; exact if there are no codes. */
        public Scorer approximate(CodeScratch scratch) {
            if (bytes == null) {
                return exact(scratch);
            }
            return new ByteScorer(bytes, bits == null ? null : new BitScorer(bits, floats, scratch), scratch);
        }

        /** True if {@link #approximate} is not exact. */
        public boolean coded() {
            return bytes != null;
        }

        /** Bytes of native memory behind rows and codes, whole chunks. */
        public long memoryBytes() {
            return floats.memoryBytes()
                    + (bytes == null ? 0 : bytes.memoryBytes())
                    + (bits == null ? 0 : bits.memoryBytes());
        }
    }
}
