package dev.shaula.model;

/**
 * What a collection is made with; never changes afterwards.
 *
 * @param name 1 to {@link Limits#MAX_NAME_LENGTH} characters, no control characters, no leading dot
 * @param dimensions 1 to {@link Limits#MAX_DIMENSIONS}
 * @param metric closeness of vectors
 * @param shards number of shards that really exist, 1 to {@link Limits#MAX_SHARDS}
 * @param m edges a new node asks for per level; level 0 keeps up to {@code 2 m}
 * @param efConstruction candidates kept while linking
 * @param hnsw false: no graph, every search is exact
 * @param quantization what searches walk the graph on
 * @param ttlSeconds after which points expire that say nothing else, 1 to {@link Limits#MAX_TTL_SECONDS}; 0 for never
 * @param autoIndexFields most fields of the metadata that are indexed as they come, without having been declared; 0 to
 *     {@link Limits#MAX_INDEXES}, 0 for none
 */
public record CollectionConfig(
        String name,
        int dimensions,
        Metric metric,
        int shards,
        int m,
        int efConstruction,
        boolean hnsw,
        Quantization quantization,
        long ttlSeconds,
        int autoIndexFields) {
    public static final int DEFAULT_DIMENSIONS = 1_536;
    public static final int DEFAULT_SHARDS = 16;
    public static final int DEFAULT_M = 16;
    public static final int DEFAULT_EF_CONSTRUCTION = 200;
    public static final int DEFAULT_AUTO_INDEX_FIELDS = 32;
    public static final String DEFAULT_NAME = "default";

    /** Checks every bound; throws INVALID naming the field, the value and the bound. */
    public CollectionConfig {
        checkName("name", name);
        checkRange("dimensions", dimensions, 1, Limits.MAX_DIMENSIONS);
        checkRange("shards", shards, 1, Limits.MAX_SHARDS);
        checkRange("m", m, Limits.MIN_M, Limits.MAX_M);
        checkRange("ef_construction", efConstruction, 1, Limits.MAX_EF_CONSTRUCTION);
        if (ttlSeconds != 0) {
            checkTtl("ttl_seconds", ttlSeconds);
        }
        checkRange("auto_index_max_fields", autoIndexFields, 0, Limits.MAX_INDEXES);
    }

    /** Without a time to live and without indexes that nobody declared. */
    public CollectionConfig(
            String name,
            int dimensions,
            Metric metric,
            int shards,
            int m,
            int efConstruction,
            boolean hnsw,
            Quantization quantization) {
        this(name, dimensions, metric, shards, m, efConstruction, hnsw, quantization, 0, 0);
    }

    /** Leaves the quantisation to the server. */
    public CollectionConfig(
            String name, int dimensions, Metric metric, int shards, int m, int efConstruction, boolean hnsw) {
        this(name, dimensions, metric, shards, m, efConstruction, hnsw, Quantization.AUTO);
    }

    /** A collection of default shape, as an upsert into a missing collection makes it. */
    public static CollectionConfig of(String name, int dimensions) {
        return new CollectionConfig(
                name, dimensions, Metric.COSINE, DEFAULT_SHARDS, DEFAULT_M, DEFAULT_EF_CONSTRUCTION, true);
    }

    public CollectionConfig withName(String newName) {
        return new CollectionConfig(
                newName,
                dimensions,
                metric,
                shards,
                m,
                efConstruction,
                hnsw,
                quantization,
                ttlSeconds,
                autoIndexFields);
    }

    public CollectionConfig withQuantization(Quantization newQuantization) {
        return new CollectionConfig(
                name,
                dimensions,
                metric,
                shards,
                m,
                efConstruction,
                hnsw,
                newQuantization,
                ttlSeconds,
                autoIndexFields);
    }

    public CollectionConfig withTtlSeconds(long newTtlSeconds) {
        return new CollectionConfig(
                name,
                dimensions,
                metric,
                shards,
                m,
                efConstruction,
                hnsw,
                quantization,
                newTtlSeconds,
                autoIndexFields);
    }

    public CollectionConfig withAutoIndexFields(int newAutoIndexFields) {
        return new CollectionConfig(
                name,
                dimensions,
                metric,
                shards,
                m,
                efConstruction,
                hnsw,
                quantization,
                ttlSeconds,
                newAutoIndexFields);
    }

    /** The time to live in milliseconds; 0 for none. */
    public long ttlMs() {
        return 1_000 * ttlSeconds;
    }

    /** Checks a time to live in seconds; throws INVALID naming {@code field} and the bound. */
    public static void checkTtl(String field, long seconds) {
        if (seconds < 1 || seconds > Limits.MAX_TTL_SECONDS) {
            throw VectorDbException.invalid(
                    field + ": expected 1 to " + Limits.MAX_TTL_SECONDS + " seconds, got " + seconds);
        }
    }

    /** What {@link #quantization} comes to: nothing where there is no graph to walk. */
    public Quantization effectiveQuantization() {
        return hnsw ? quantization.resolve(dimensions) : Quantization.NONE;
    }

    public CollectionConfig withShards(int newShards) {
        return new CollectionConfig(
                name,
                dimensions,
                metric,
                newShards,
                m,
                efConstruction,
                hnsw,
                quantization,
                ttlSeconds,
                autoIndexFields);
    }

    /** Checks the name of a collection or alias; throws INVALID naming {@code field} and the bound. */
    public static void checkName(String field, String name) {
        if (name.isEmpty() || name.length() > Limits.MAX_NAME_LENGTH) {
            throw VectorDbException.invalid(
                    field + ": expected 1 to " + Limits.MAX_NAME_LENGTH + " characters, got " + name.length());
        }
        if (name.charAt(0) == '.' || name.chars().anyMatch(Character::isISOControl)) {
            throw VectorDbException.invalid(field + ": must not start with a dot or contain control characters");
        }
    }

    private static void checkRange(String field, int value, int min, int max) {
        if (value < min || value > max) {
            throw VectorDbException.invalid(field + ": expected " + min + " to " + max + ", got " + value);
        }
    }
}
