package dev.shaula.cli;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/**
 * The rows of a file as upsert records, one at a time and in file order; holds one row, whatever the length of the file.
 * For one thread. A reader that has thrown a {@link BadRowException} is not read any further.
 */
interface RecordReader extends Closeable {

    /**
     * Appends the next row to {@code out} as one line of NDJSON.
     *
     * @return false at the end of the file; {@code out} is then as it was
     * @throws BadRowException if the row is not a record; {@code out} is then as it was
     */
    boolean next(ByteArrayOutputStream out) throws IOException;

    /** Passes over the next row, looking only at where it ends; false at the end of the file. */
    boolean skip() throws IOException;

    /** Components of every vector of the file; 0 before the first row was read by {@link #next}. */
    int dimensions();

    /** Where the row stands that was read last, as a person would look for it: {@code row 12} or {@code line 14}. */
    String position();

    /**
     * Opens the rows of {@code content}, which the reader closes.
     *
     * @param idPrefix put before every id, may be empty
     */
    static RecordReader of(InputStream content, FileFormat format, String idPrefix) {
        return switch (format) {
            case FVECS, BVECS -> new VecsRecords(new VecsReader(content, format), idPrefix);
            case NDJSON -> new NdjsonRecords(content, idPrefix);
            case CSV -> new CsvRecords(content, idPrefix);
            case IVECS ->
                throw new CliException("ivecs files hold row numbers of neighbours, not vectors; expected fvecs,"
                        + " bvecs, ndjson or csv");
        };
    }
}
