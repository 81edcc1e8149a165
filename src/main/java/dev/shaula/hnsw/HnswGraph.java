package dev.shaula.hnsw;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * One immutable state of a hierarchical navigable small world graph (Malkov and Yashunin, TPAMI 2020), as a snapshot
 * searches it. {@link HnswBuilder} makes the next state out of it and shares every page that it does not touch.
 *
 * <p>Level 0 is a table of {@code 2 m} neighbours per node, ended early by {@link #NONE}; a node is its ordinal. A node
 * that reaches level {@code l > 0} also has {@code l} consecutive upper records, one per level from 1 upwards: its
 * ordinal and {@code m} neighbours, which are records of the same level. So the way down is {@code record - 1}, and no
 * map from ordinals to records is needed to search.
 *
 * <p>Safe for any thread.
 */
public final class HnswGraph {
    static final int NONE = -1;

    private final int m;
    private final int size;
    private final EdgePages.View level0;
    private final EdgePages.View upper;
    private final int topLevel;
    private final int entry;

    /** @param entry the node (on level 0) or record (above) of {@code topLevel} where searches start; NONE if no node is live */
    HnswGraph(int m, int size, EdgePages.View level0, EdgePages.View upper, int topLevel, int entry) {
        this.m = m;
        this.size = size;
        this.level0 = level0;
        this.upper = upper;
        this.topLevel = topLevel;
        this.entry = entry;
    }

    /** A graph without nodes, of {@code m} edges a node and level. */
    public static HnswGraph empty(int m) {
        return new HnswGraph(m, 0, EdgePages.View.empty(2 * m), EdgePages.View.empty(m + 1), 0, NONE);
    }

    /** Writes the graph flat: per level-0 node the number of neighbours and the neighbours, then the upper records. */
    public void writeTo(LittleEndianOutput out) throws IOException {
        out.writeInt(m);
        out.writeInt(size);
        out.writeInt(upper.records());
        out.writeInt(topLevel);
        out.writeInt(entry);
        int[] neighbours = new int[2 * m];
        for (int node = 0; node < size; node++) {
            int n = neighbours(0, node, neighbours);
            out.writeInt(n);
            out.writeInts(neighbours, 0, n);
        }
        for (int record = 0; record < upper.records(); record++) {
            out.writeInts(upper.page(record), upper.offset(record), upper.stride());
        }
    }

    /**
     * Reads what {@link #writeTo} wrote and checks that every number leads somewhere.
     *
     * @param m as the collection has it
     * @param rows the graph must not have more nodes
     */
    public static HnswGraph readFrom(LittleEndianInput in, int m, int rows) throws IOException {
        in.readInt("m", m, m);
        int size = in.readInt("graph size", 0, rows);
        int records = in.readInt("upper records", 0, Integer.MAX_VALUE);
        int topLevel = in.readInt("top level", 0, LevelGenerator.MAX_LEVEL);
        int entry = in.readInt("entry", NONE, (topLevel == 0 ? size : records) - 1);
        EdgePages level0 = readLevel0(in, m, size);
        EdgePages upper = readUpper(in, m, size, records);
        return new HnswGraph(m, size, level0.publish(), upper.publish(), topLevel, entry);
    }

    private static EdgePages readLevel0(LittleEndianInput in, int m, int size) throws IOException {
        EdgePages level0 = new EdgePages(EdgePages.View.empty(2 * m));
        for (int node = 0; node < size; node++) {
            level0.append(1);
            int n = in.readInt("neighbours of a node", 0, 2 * m);
            in.readInts(level0.page(node), level0.offset(node), n);
            check(level0.page(node), level0.offset(node), n, 0, size - 1);
        }
        return level0;
    }

    private static EdgePages readUpper(LittleEndianInput in, int m, int size, int records) throws IOException {
        EdgePages upper = new EdgePages(EdgePages.View.empty(m + 1));
        for (int record = 0; record < records; record++) {
            upper.append(1);
            int[] page = upper.page(record);
            int at = upper.offset(record);
            in.readInts(page, at, m + 1);
            check(page, at, 1, 0, size - 1);
            check(page, at + 1, m, NONE, records - 1);
        }
        return upper;
    }

    private static void check(int[] page, int from, int n, int min, int max) throws IOException {
        for (int i = from; i < from + n; i++) {
            if (page[i] < min || page[i] > max) {
                throw new IOException("neighbour: expected " + min + " to " + max + ", found " + page[i]);
            }
        }
    }

    HnswGraph withLevel0(EdgePages.View edges) {
        return new HnswGraph(m, size, edges, upper, topLevel, entry);
    }

    HnswGraph withUpper(EdgePages.View edges) {
        return new HnswGraph(m, size, level0, edges, topLevel, entry);
    }

    HnswGraph withEntry(int level, int node) {
        return new HnswGraph(m, size, level0, upper, level, node);
    }

    /**
     * The graph after rows were dropped. Edges to dropped rows are left out; there are none where these were detached
     * before ({@link HnswBuilder#detached}).
     */
    public HnswGraph moved(OrdinalMap map) {
        EdgePages nodes = new EdgePages(EdgePages.View.empty(level0.stride()));
        nodes.append(map.staying(size));
        int[] neighbours = new int[capacity(0)];
        for (int node = 0; node < size; node++) {
            int moved = map.newOrdinal(node);
            if (moved != OrdinalMap.DROPPED) {
                int n = neighbours(0, node, neighbours);
                nodes.write(moved, 0, moved(neighbours, n, map::newOrdinal));
            }
        }
        int[] movedRecords = movedRecords(map);
        EdgePages records = new EdgePages(EdgePages.View.empty(upper.stride()));
        records.append((int) Arrays.stream(movedRecords).filter(r -> r != NONE).count());
        for (int record = 0; record < movedRecords.length; record++) {
            int moved = movedRecords[record];
            if (moved != NONE) {
                int n = neighbours(1, record, neighbours);
                records.write(moved, 1, moved(neighbours, n, r -> movedRecords[r]));
                records.page(moved)[records.offset(moved)] = map.newOrdinal(ordinal(1, record));
            }
        }
        int movedEntry = entry == NONE ? NONE : topLevel == 0 ? map.newOrdinal(entry) : movedRecords[entry];
        return new HnswGraph(m, map.staying(size), nodes.publish(), records.publish(), topLevel, movedEntry);
    }

    private int[] movedRecords(OrdinalMap map) {
        int[] moved = new int[upper.records()];
        int n = 0;
        for (int record = 0; record < moved.length; record++) {
            moved[record] = map.newOrdinal(ordinal(1, record)) == OrdinalMap.DROPPED ? NONE : n++;
        }
        return moved;
    }

    private static int[] moved(int[] neighbours, int n, IntUnaryOperator map) {
        int[] moved = new int[n];
        int kept = 0;
        for (int i = 0; i < n; i++) {
            int node = map.applyAsInt(neighbours[i]);
            if (node != NONE) {
                moved[kept++] = node;
            }
        }
        return kept == n ? moved : Arrays.copyOf(moved, kept);
    }

    public int m() {
        return m;
    }

    /** Number of nodes; their ordinals are {@code 0 .. size - 1}. */
    public int size() {
        return size;
    }

    /** Bytes of the edge arrays, whole pages. */
    public long memoryBytes() {
        return level0.memoryBytes() + upper.memoryBytes();
    }

    int topLevel() {
        return topLevel;
    }

    int entry() {
        return entry;
    }

    EdgePages.View level0() {
        return level0;
    }

    EdgePages.View upper() {
        return upper;
    }

    /** Most neighbours that a node may have on a level. */
    int capacity(int level) {
        return level == 0 ? 2 * m : m;
    }

    /** Nodes (level 0) or records (above) there are room for: the range of what {@link #neighbours} returns. */
    int nodes(int level) {
        return level == 0 ? size : upper.records();
    }

    /** The ordinal behind a node of a level. */
    int ordinal(int level, int node) {
        return level == 0 ? node : upper.page(node)[upper.offset(node)];
    }

    /** Copies the neighbours of a node into {@code out} and returns their number. */
    int neighbours(int level, int node, int[] out) {
        EdgePages.View edges = level == 0 ? level0 : upper;
        int first = level == 0 ? 0 : 1;
        int[] page = edges.page(node);
        int from = edges.offset(node) + first;
        int capacity = edges.stride() - first;
        int n = 0;
        while (n < capacity && page[from + n] != NONE) {
            out[n] = page[from + n];
            n++;
        }
        return n;
    }

    /**
     * Copies those neighbours of a node that are new to {@code visited} into {@code out} from {@code at} on and returns their
     * number.
     */
    int unvisited(int level, int node, VisitedSet visited, int[] out, int at) {
        EdgePages.View edges = level == 0 ? level0 : upper;
        int first = level == 0 ? 0 : 1;
        return visited.addNew(edges.page(node), edges.offset(node) + first, edges.stride() - first, out, at);
    }

    /**
     * Reads where the neighbours of a node are and returns something made of it: it is in the cache when the node is
     * expanded.
     */
    int touch(int level, int node) {
        EdgePages.View edges = level == 0 ? level0 : upper;
        int[] page = edges.page(node);
        int at = edges.offset(node);
        return page[at] + page[at + edges.stride() / 2];
    }

    /** The level of an upper record: those of one ordinal lie one after another, from level 1 upwards. */
    int levelOf(int record) {
        int ordinal = ordinal(1, record);
        int level = 1;
        while (level <= record && ordinal(1, record - level) == ordinal) {
            level++;
        }
        return level;
    }

    /** The node that a node of {@code level > 0} is on the level below. */
    int below(int level, int node) {
        return level == 1 ? ordinal(1, node) : node - 1;
    }
}
