package dev.shaula.model;

/** The limits of every public input, in one place; docs/limits.md is checked against it. */
public final class Limits {
    /** Longest id, in UTF-8 bytes. */
    public static final int MAX_ID_BYTES = 1_024;
    /** Longest collection name, in characters. */
    public static final int MAX_NAME_LENGTH = 255;

    public static final int MAX_DIMENSIONS = 65_535;
    public static final int MAX_SHARDS = 1_024;
    public static final int MIN_M = 2;
    public static final int MAX_M = 128;
    public static final int MAX_EF_CONSTRUCTION = 10_000;
    public static final int MAX_TOP_K = 10_000;
    public static final int MAX_EF = 100_000;
    /** Largest metadata object of one point, in bytes of compact JSON. */
    public static final int MAX_METADATA_BYTES = 65_536;
    /** Deepest nesting of metadata and of filters. */
    public static final int MAX_DEPTH = 32;
    /** Conditions in one filter, counting every operator and every element of {@code $in} and {@code $nin}. */
    public static final int MAX_FILTER_CONDITIONS = 4_096;
    /** Largest body of any request but an upsert, in bytes: a batch of a thousand queries has room. */
    public static final int MAX_REQUEST_BYTES = 64 << 20;
    /** Points in one upsert that is stored as a whole; a stream of points has no limit. */
    public static final int MAX_UPSERT_POINTS = 1_000_000;
    /** Queries in one batch query. */
    public static final int MAX_BATCH_QUERIES = 1_000;
    /** Keys in the list {@code delete} of a change of metadata. */
    public static final int MAX_DELETED_KEYS = 1_000;
    /** Ids in one delete request, or in one change of metadata. */
    public static final int MAX_DELETE_IDS = 1_000_000;

    /** Longest time to live, in seconds: a hundred years. */
    public static final long MAX_TTL_SECONDS = 3_155_760_000L;
    /** Last moment at which a point can expire, in milliseconds since 1970: the end of the year 9999. */
    public static final long MAX_EXPIRY_MS = 253_402_300_799_999L;

    /** Longest time that a client may give an answer over HTTP, in milliseconds: an hour. */
    public static final int MAX_TIMEOUT_MS = 3_600_000;

    /** Indexes of one collection. */
    public static final int MAX_INDEXES = 64;
    /** Fields that a collection may leave out of what it indexes by itself, since they hold long texts or were dropped. */
    public static final int MAX_LEFT_OUT_FIELDS = 256;
    /** Longest text of a field that is indexed by itself, in characters, when it is first seen. */
    public static final int MAX_AUTO_TEXT = 256;
    /** Longest name of an indexed field, in characters. */
    public static final int MAX_FIELD_LENGTH = 1_024;
    /** Values in one answer of facets. */
    public static final int MAX_FACETS = 10_000;
    /** Different values of a field that facets are counted of, in one shard. */
    public static final int MAX_FACET_VALUES = 100_000;
    /** Groups in one answer. */
    public static final int MAX_GROUPS = 1_000;
    /** Points of one group in an answer. */
    public static final int MAX_GROUP_SIZE = 100;
    /** Points in one page of a scroll; a stream of points has no limit. */
    public static final int MAX_SCROLL_LIMIT = 10_000;

    /** Scrolls that are held for readers who come back. */
    public static final int MAX_SCROLLS = 1_000;

    /** Ids of one Get over gRPC: each is a row of 4 bytes a dimension in one answer. */
    public static final int MAX_GET_IDS = 1_000;
    /** Calls at once on one connection of gRPC; a client waits with more, or opens another connection. */
    public static final int MAX_CALLS = 100;
    /** Searches of one stream of gRPC under way: enough to keep several cores busy, few enough to leave the queue to others. */
    public static final int MAX_STREAM_SEARCHES = 16;

    /** Results that a live query keeps. */
    public static final int MAX_LIVE_K = 1_000;
    /** Heap of what one live query keeps of one shard, in bytes: two answers with ids, metadata and vectors. */
    public static final long MAX_LIVE_BYTES = 8L << 20;

    /** Longest name of an upsert stream of a WebSocket, in characters. */
    public static final int MAX_STREAM_NAME_LENGTH = 128;
    /** Longest message of a WebSocket, in bytes. */
    public static final int MAX_SOCKET_MESSAGE_BYTES = 4 << 20;
    /** Queries under way on one WebSocket; it is not read beyond them. */
    public static final int MAX_SOCKET_QUERIES = 256;
    /** Upsert streams that one WebSocket has open. */
    public static final int MAX_SOCKET_STREAMS = 16;
    /** Live queries of one WebSocket. */
    public static final int MAX_SOCKET_LIVE_QUERIES = 64;

    /** Longest name of a backup, in characters. */
    public static final int MAX_BACKUP_NAME_LENGTH = 100;
    /** Aliases of one server. */
    public static final int MAX_ALIASES = 10_000;

    private Limits() {}
}
