package dev.shaula.sidebyside.jvector;

import dev.shaula.sidebyside.MatrixFile;
import dev.shaula.sidebyside.Peer;
import dev.shaula.sidebyside.PeerServer;
import io.github.jbellis.jvector.disk.ReaderSupplierFactory;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.RandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult.NodeScore;
import io.github.jbellis.jvector.graph.disk.OnDiskGraphIndex;
import io.github.jbellis.jvector.graph.disk.OnDiskGraphIndexWriter;
import io.github.jbellis.jvector.graph.disk.feature.Feature;
import io.github.jbellis.jvector.graph.disk.feature.FeatureId;
import io.github.jbellis.jvector.graph.disk.feature.FusedPQ;
import io.github.jbellis.jvector.graph.disk.feature.NVQ;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.quantization.NVQuantization;
import io.github.jbellis.jvector.quantization.PQVectors;
import io.github.jbellis.jvector.quantization.ProductQuantization;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntFunction;

/**
 * JVector as its makers run it: a graph with a hierarchy, product-quantised codes of each node's neighbours beside its
 * edges ("fused PQ") for the walk, and 8-bit non-uniform codes (NVQ) for the last measure, read from a mapped file.
 * Level 0 has {@code 2 m} edges, as in HNSW.
 */
public final class JVectorPeer implements Peer {
    private static final VectorTypeSupport TYPES =
            VectorizationProvider.getInstance().getVectorTypeSupport();
    /** What the library's own examples use. */
    private static final float NEIGHBOUR_OVERFLOW = 1.2f;

    private static final float ALPHA = 1.2f;
    private static final int CLUSTERS = 256;
    private static final int NVQ_SUBVECTORS = 2;
    /** A byte of PQ for so many dimensions; narrow vectors lose too much with the 8 that are usual for wide ones. */
    private static final int WIDE = 512;

    private final VectorSimilarityFunction similarity;
    private final int m;
    private final int efConstruction;
    private final Path index;
    private OnDiskGraphIndex graph;

    private JVectorPeer(Map<String, String> setup) {
        boolean cosine = PeerServer.required(setup, "metric").equals("cosine");
        this.similarity = cosine ? VectorSimilarityFunction.DOT_PRODUCT : VectorSimilarityFunction.EUCLIDEAN;
        this.m = Integer.parseInt(PeerServer.required(setup, "m"));
        this.efConstruction = Integer.parseInt(PeerServer.required(setup, "ef-construction"));
        this.index = Path.of(PeerServer.required(setup, "index"));
    }

    public static void main(String[] args) {
        PeerServer.serve(args, JVectorPeer::new);
    }

    @Override
    public void build(MatrixFile base, int threads) throws Exception {
        List<VectorFloat<?>> rows = new ArrayList<>(base.rows());
        for (int i = 0; i < base.rows(); i++) {
            rows.add(TYPES.createFloatVector(base.floats(i)));
        }
        var vectors = new ListRandomAccessVectorValues(rows, base.columns());
        ForkJoinPool pool = new ForkJoinPool(threads);
        var scores = BuildScoreProvider.randomAccessScoreProvider(vectors, similarity);
        try (var builder = GraphIndexBuilder.builder(scores, base.columns(), List.of(2 * m, m))
                .withBeamWidth(efConstruction)
                .withNeighborOverflow(NEIGHBOUR_OVERFLOW)
                .withAlpha(ALPHA)
                .withSimdExecutor(pool)
                .withParallelExecutor(pool)
                .build()) {
            write(builder.build(vectors), vectors, pool);
        } finally {
            pool.shutdown();
        }
        open(index);
    }

    private void write(ImmutableGraphIndex built, RandomAccessVectorValues vectors, ForkJoinPool pool)
            throws IOException {
        int d = vectors.dimension();
        ProductQuantization pq = ProductQuantization.compute(
                vectors,
                d / (d < WIDE ? 4 : 8),
                CLUSTERS,
                similarity == VectorSimilarityFunction.EUCLIDEAN,
                -1f,
                pool,
                pool);
        PQVectors codes = pq.encodeAll(vectors, pool);
        NVQuantization nvq = NVQuantization.compute(vectors, NVQ_SUBVECTORS);
        Files.deleteIfExists(index);
        try (var writer = new OnDiskGraphIndexWriter.Builder(built, index)
                        .with(new NVQ(nvq))
                        .with(new FusedPQ(built.getDegree(0), pq))
                        .build();
                ImmutableGraphIndex.View view = built.getView()) {
            Map<FeatureId, IntFunction<Feature.State>> features = new EnumMap<>(FeatureId.class);
            features.put(FeatureId.NVQ_VECTORS, i -> new NVQ.State(nvq.encode(vectors.getVector(i))));
            features.put(FeatureId.FUSED_PQ, i -> new FusedPQ.State(view, codes, i));
            writer.write(features);
        }
    }

    @Override
    public boolean open(Path path) throws IOException {
        if (!Files.exists(path)) {
            return false;
        }
        graph = OnDiskGraphIndex.load(ReaderSupplierFactory.open(path));
        return true;
    }

    @Override
    public Searcher searcher() {
        GraphSearcher searcher = new GraphSearcher(graph);
        var view = (OnDiskGraphIndex.View) searcher.getView();
        return (query, k, ef, out) -> {
            VectorFloat<?> vector = TYPES.createFloatVector(query);
            var scores = new DefaultSearchScoreProvider(
                    view.approximateScoreFunctionFor(vector, similarity), view.rerankerFor(vector, similarity));
            NodeScore[] nodes = searcher.search(scores, k, Math.max(k, ef), 0f, 0f, Bits.ALL)
                    .getNodes();
            for (int i = 0; i < nodes.length; i++) {
                out[i] = nodes[i].node;
            }
            return nodes.length;
        };
    }

    @Override
    public Map<String, Long> memory() throws IOException {
        return Map.of("mapped", Files.size(index));
    }
}
