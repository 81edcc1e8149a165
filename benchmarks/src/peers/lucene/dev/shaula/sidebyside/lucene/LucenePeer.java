package dev.shaula.sidebyside.lucene;

import dev.shaula.sidebyside.MatrixFile;
import dev.shaula.sidebyside.Peer;
import dev.shaula.sidebyside.PeerServer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;

/**
 * Lucene, one segment: {@code f32}, or codes with the best of what the walk found measured again exactly, {@code 1bit},
 * {@code 7bit}, or {@code quantized}: 1 bit for wide cosine sets, which it is made for, else 7.
 */
public final class LucenePeer implements Peer {
    private static final String VECTOR = "vector";
    private static final String ROW = "row";
    /** All rows in one segment per thread: below the hard limit of 2 GB. */
    private static final double BUFFER_MB = 2_000;

    private final VectorSimilarityFunction similarity;
    private final String variant;
    private final int m;
    private final int efConstruction;
    private final Path index;

    private DirectoryReader reader;
    private LeafReader leaf;
    private int[] rowOf = {};

    private LucenePeer(Map<String, String> setup) {
        boolean cosine = PeerServer.required(setup, "metric").equals("cosine");
        String asked = PeerServer.required(setup, "variant");
        this.similarity = cosine ? VectorSimilarityFunction.DOT_PRODUCT : VectorSimilarityFunction.EUCLIDEAN;
        this.variant = asked.equals("quantized") ? (cosine ? "1bit" : "7bit") : asked;
        this.m = Integer.parseInt(PeerServer.required(setup, "m"));
        this.efConstruction = Integer.parseInt(PeerServer.required(setup, "ef-construction"));
        this.index = Path.of(PeerServer.required(setup, "index"));
    }

    public static void main(String[] args) {
        PeerServer.serve(args, LucenePeer::new);
    }

    @Override
    public void build(MatrixFile base, int threads) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        IndexWriterConfig config = new IndexWriterConfig()
                .setOpenMode(IndexWriterConfig.OpenMode.CREATE)
                .setUseCompoundFile(false)
                .setRAMBufferSizeMB(BUFFER_MB)
                .setRAMPerThreadHardLimitMB(2_047)
                .setCodec(new Lucene104Codec() {
                    @Override
                    public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                        return new AnyDimensions(format(threads, pool));
                    }
                });
        try (var writer = new IndexWriter(new MMapDirectory(index), config)) {
            List<Future<?>> parts = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int first = t;
                parts.add(pool.submit(() -> {
                    for (int row = first; row < base.rows(); row += threads) {
                        writer.addDocument(document(base, row));
                    }
                    return null;
                }));
            }
            for (Future<?> part : parts) {
                part.get();
            }
            writer.forceMerge(1);
            writer.commit();
        } finally {
            pool.shutdown();
        }
        open(index);
    }

    private Document document(MatrixFile base, int row) {
        Document document = new Document();
        document.add(new KnnFloatVectorField(VECTOR, base.floats(row), similarity));
        document.add(new NumericDocValuesField(ROW, row));
        return document;
    }

    private KnnVectorsFormat format(int threads, ExecutorService pool) {
        ExecutorService merging = threads == 1 ? null : pool;
        return switch (variant) {
            case "f32" -> new Lucene99HnswVectorsFormat(m, efConstruction, threads, merging);
            case "7bit" ->
                new Lucene104HnswScalarQuantizedVectorsFormat(
                        ScalarEncoding.SEVEN_BIT, m, efConstruction, threads, merging);
            case "1bit" ->
                new Lucene104HnswScalarQuantizedVectorsFormat(
                        ScalarEncoding.SINGLE_BIT_QUERY_NIBBLE, m, efConstruction, threads, merging);
            default -> throw new IllegalArgumentException("--variant: no such one: " + variant);
        };
    }

    /** A format without its limit of 1,024 dimensions; what it writes is the format's own, and read by it. */
    private static final class AnyDimensions extends KnnVectorsFormat {
        private final KnnVectorsFormat format;

        AnyDimensions(KnnVectorsFormat format) {
            super(format.getName());
            this.format = format;
        }

        @Override
        public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
            return format.fieldsWriter(state);
        }

        @Override
        public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
            return format.fieldsReader(state);
        }

        @Override
        public int getMaxDimensions(String fieldName) {
            return Integer.MAX_VALUE;
        }
    }

    @Override
    public boolean open(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        if (reader != null) {
            reader.close();
        }
        reader = DirectoryReader.open(new MMapDirectory(path));
        if (reader.leaves().size() != 1) {
            throw new IOException(
                    path + ": expected one segment, got " + reader.leaves().size());
        }
        leaf = reader.leaves().getFirst().reader();
        rowOf = new int[leaf.maxDoc()];
        NumericDocValues rows = leaf.getNumericDocValues(ROW);
        for (int doc = rows.nextDoc(); doc != NumericDocValues.NO_MORE_DOCS; doc = rows.nextDoc()) {
            rowOf[doc] = (int) rows.longValue();
        }
        return true;
    }

    @Override
    public Searcher searcher() {
        AcceptDocs all = AcceptDocs.fromLiveDocs(null, leaf.maxDoc());
        return (query, k, ef, out) -> {
            TopDocs found = leaf.searchNearestVectors(VECTOR, query, ef, all, Integer.MAX_VALUE);
            ScoreDoc[] docs = variant.equals("f32") ? found.scoreDocs : measured(query, found.scoreDocs, rescored(k));
            int n = Math.min(k, docs.length);
            for (int i = 0; i < n; i++) {
                out[i] = rowOf[docs[i].doc];
            }
            return n;
        };
    }

    /** One bit misplaces many rows, seven few. */
    private int rescored(int k) {
        return variant.equals("1bit") ? 4 * k : k + k / 2;
    }

    /** The best {@code most} of what the walk found, by their exact scores. */
    private ScoreDoc[] measured(float[] query, ScoreDoc[] found, int most) throws IOException {
        ScoreDoc[] docs = Arrays.copyOf(found, Math.min(found.length, most));
        Arrays.sort(docs, (a, b) -> Integer.compare(a.doc, b.doc));
        VectorScorer exact = leaf.getFloatVectorValues(VECTOR).rescorer(query);
        for (ScoreDoc doc : docs) {
            exact.iterator().advance(doc.doc);
            doc.score = exact.score();
        }
        Arrays.sort(docs, (a, b) -> Float.compare(b.score, a.score));
        return docs;
    }

    @Override
    public Map<String, Long> memory() throws IOException {
        Map<String, String> partOf = Map.of("vec", "vectors", "veq", "codes", "vex", "graph");
        Map<String, Long> bytes = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(index)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String part = partOf.get(name.substring(name.lastIndexOf('.') + 1));
                if (part != null) {
                    bytes.merge(part, Files.size(file), Long::sum);
                }
            }
        }
        return bytes;
    }
}
