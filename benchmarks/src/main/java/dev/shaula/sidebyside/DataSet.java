package dev.shaula.sidebyside;

import dev.shaula.fixtures.Closeness;
import dev.shaula.fixtures.EmbeddingLike;
import dev.shaula.fixtures.ExactNeighbours;
import dev.shaula.fixtures.TexmexFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A set of vectors with queries and their exact neighbours, as files that every peer reads. {@code embed-D} and
 * {@code embed-D-ROWS} are made from a seed (100,000 rows if not said), cosine; every other name is a stored set of a
 * directory, Euclidean, or with {@code -first-ROWS} the first rows of one. What was made is kept.
 *
 * @param neighbours rows are the {@value #DEPTH} nearest of each query
 */
public record DataSet(String name, Closeness closeness, Path base, Path queries, Path neighbours) {
    static final int DEPTH = 100;

    private static final long SEED = 1;
    private static final int EMBED_QUERIES = 1_000;
    private static final int QUERIES_OF_A_PART = 200;
    /** Among more rows fewer queries are asked: their exact neighbours would take longer than the index. */
    private static final int MANY = 200_000;

    private static final int BLOCK = 2_048;
    private static final Pattern EMBED = Pattern.compile("embed-(\\d+)(?:-(\\d+))?");
    private static final Pattern PART = Pattern.compile("(.+)-first-(\\d+)");

    private record Content(float[][] base, float[][] queries, int[][] neighbours) {}

    /**
     * @param stored where {@code NAME.base.bvecs.gz} and its companions are
     * @param cache where the files are made, if they are not there
     */
    public static DataSet prepare(String name, Path stored, Path cache) throws IOException {
        Matcher embed = EMBED.matcher(name);
        Closeness closeness = embed.matches() ? Closeness.COSINE : Closeness.EUCLIDEAN;
        DataSet set = new DataSet(
                name,
                closeness,
                cache.resolve(name + ".base"),
                cache.resolve(name + ".queries"),
                cache.resolve(name + ".neighbours"));
        // Written last, so all are there when it is.
        if (!Files.exists(set.neighbours)) {
            Files.createDirectories(cache);
            if (embed.matches()) {
                set.embed(embed);
            } else {
                set.write(read(name, stored));
            }
        }
        return set;
    }

    private void write(Content content) throws IOException {
        writeFloats(base, content.base);
        writeFloats(queries, content.queries);
        writeNeighbours(content.neighbours);
    }

    private void writeNeighbours(int[][] rows) throws IOException {
        MatrixFile.write(neighbours, rows.length, DEPTH, (i, out) -> {
            for (int j = 0; j < DEPTH; j++) {
                out.putInt(rows[i][j]);
            }
        });
    }

    private static void writeFloats(Path file, float[][] rows) throws IOException {
        MatrixFile.write(
                file,
                rows.length,
                rows[0].length,
                (i, out) -> out.asFloatBuffer().put(rows[i]));
    }

    /** Row by row: a million of them need not fit in the heap. */
    private void embed(Matcher parsed) throws IOException {
        int dimensions = Integer.parseInt(parsed.group(1));
        int rows = parsed.group(2) == null ? 100_000 : Integer.parseInt(parsed.group(2));
        EmbeddingLike source = new EmbeddingLike(dimensions, SEED);
        MatrixFile.write(base, rows, dimensions, (i, out) -> out.asFloatBuffer().put(source.next()));
        float[][] asked = source.next(rows > MANY ? QUERIES_OF_A_PART : EMBED_QUERIES);
        writeFloats(queries, asked);
        ExactNeighbours nearest = new ExactNeighbours(asked, DEPTH, closeness);
        MatrixFile written = MatrixFile.open(base);
        for (int first = 0; first < rows; first += BLOCK) {
            nearest.add(IntStream.range(first, Math.min(rows, first + BLOCK))
                    .mapToObj(written::floats)
                    .toArray(float[][]::new));
        }
        writeNeighbours(nearest.nearest());
    }

    private static Content read(String name, Path stored) throws IOException {
        Matcher part = PART.matcher(name);
        String whole = part.matches() ? part.group(1) : name;
        for (String kind : List.of(".base.bvecs.gz", ".query.bvecs.gz", ".groundtruth.ivecs.gz")) {
            if (!Files.exists(stored.resolve(whole + kind))) {
                throw new IOException(
                        name + ": " + stored.resolve(whole + kind) + " is missing; --data names its directory");
            }
        }
        float[][] base = TexmexFiles.bvecs(stored.resolve(whole + ".base.bvecs.gz"));
        float[][] queries = TexmexFiles.bvecs(stored.resolve(whole + ".query.bvecs.gz"));
        if (!part.matches()) {
            return new Content(base, queries, TexmexFiles.ivecs(stored.resolve(whole + ".groundtruth.ivecs.gz")));
        }
        float[][] first = Arrays.copyOf(base, Math.min(base.length, Integer.parseInt(part.group(2))));
        float[][] some = Arrays.copyOf(queries, Math.min(queries.length, QUERIES_OF_A_PART));
        return new Content(first, some, ExactNeighbours.of(first, some, DEPTH, Closeness.EUCLIDEAN));
    }
}
