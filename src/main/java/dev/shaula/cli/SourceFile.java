package dev.shaula.cli;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A file on disk that is read as a stream, unzipped on the way if its first bytes say that it is gzipped.
 *
 * @param size bytes on disk
 * @param modifiedMillis when it was last written, milliseconds since 1970
 */
record SourceFile(Path path, long size, long modifiedMillis) {
    /** Bytes read from disk, and out of gzip, at a time. This is all that a source reads ahead. */
    private static final int BUFFER_BYTES = 1 << 16;

    /**
     * The file at {@code path}.
     *
     * @throws CliException if there is no readable file
     */
    static SourceFile of(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                throw new CliException(path + ": is a directory, expected a file");
            }
            if (!Files.isReadable(path)) {
                throw new CliException(path + ": no permission to read it");
            }
            return new SourceFile(
                    path, attributes.size(), attributes.lastModifiedTime().toMillis());
        } catch (IOException e) {
            throw new CliException(path + ": no such file", e);
        }
    }

    String name() {
        return String.valueOf(path.getFileName());
    }

    /**
     * The format by the name of the file.
     *
     * @throws CliException if the name does not tell
     */
    FileFormat formatByName() {
        return FileFormat.ofName(name())
                .orElseThrow(() -> new CliException(path
                        + ": the name does not tell the format; expected .fvecs, .bvecs, .ndjson, .jsonl or .csv,"
                        + " optionally followed by .gz, or --format"));
    }

    /**
     * The content from its start; to be closed by the caller.
     *
     * @throws BadRowException if it begins like a gzipped file but is none
     */
    Content open() throws IOException {
        Counter counter = new Counter(Files.newInputStream(path));
        InputStream buffered = new BufferedInputStream(counter, BUFFER_BYTES);
        try {
            return new Content(isGzip(buffered) ? unzip(buffered) : buffered, counter);
        } catch (IOException e) {
            buffered.close();
            throw e;
        }
    }

    private static InputStream unzip(InputStream in) throws IOException {
        try {
            return new BufferedInputStream(new GZIPInputStream(in, BUFFER_BYTES), BUFFER_BYTES);
        } catch (EOFException | ZipException e) {
            throw new BadRowException("the gzip header is damaged or truncated", e);
        }
    }

    private static boolean isGzip(InputStream in) throws IOException {
        in.mark(2);
        boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
        in.reset();
        return gzip;
    }

    /** The open file: its content, unzipped, and how much of the disk file has been read for it. */
    static final class Content extends FilterInputStream {
        private final Counter counter;

        private Content(InputStream in, Counter counter) {
            super(in);
            this.counter = counter;
        }

        /** Bytes of the file as it lies on disk, compressed if it is. May be read by any thread. */
        long bytesRead() {
            return counter.count;
        }
    }

    private static final class Counter extends FilterInputStream {
        private volatile long count; // written by the reading thread only

        Counter(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            add(b < 0 ? 0 : 1);
            return b;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = super.read(b, off, len);
            add(Math.max(0, n));
            return n;
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
        private void add(int n) {
            count += n;
        }
    }
}
