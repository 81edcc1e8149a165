package dev.shaula.cli;

import java.util.Locale;
import java.util.Optional;

/** The kinds of file that hold vectors; any of them may be gzipped. */
enum FileFormat {
    /** TEXMEX: per row a little-endian int32 dimension, then that many little-endian float32. */
    FVECS,
    /** TEXMEX: per row a little-endian int32 dimension, then that many unsigned bytes. */
    BVECS,
    /** TEXMEX: per row a little-endian int32 count, then that many little-endian int32; holds neighbours, not vectors. */
    IVECS,
    /** One JSON record a line. */
    NDJSON,
    /** Comma-separated values with a header line. */
    CSV;

    /** The format that a file name ends in, a final {@code .gz} aside. */
    static Optional<FileFormat> ofName(String fileName) {
        String name = fileName.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "fvecs" -> Optional.of(FVECS);
            case "bvecs" -> Optional.of(BVECS);
            case "ivecs" -> Optional.of(IVECS);
            case "ndjson", "jsonl" -> Optional.of(NDJSON);
            case "csv" -> Optional.of(CSV);
            default -> Optional.empty();
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
