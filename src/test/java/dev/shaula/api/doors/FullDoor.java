package dev.shaula.api.doors;

import dev.shaula.model.Metric;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A door that can do everything that collections can. Filters and metadata are JSON objects. */
interface FullDoor extends Door {

    /** What a write says of itself; versions by id, null for no such point. */
    record Written(
            long count,
            List<String> missing,
            Map<String, @Nullable Long> applied,
            Map<String, @Nullable Long> refused,
            List<Long> sequences) {}

    /** Points to be written to: by ids or by a filter. */
    record Target(List<String> ids, @Nullable String filter) {}

    /** What is to become of metadata; null and empty for what is left out. */
    record Change(
            @Nullable String set,
            @Nullable String replace,
            List<String> delete,
            @Nullable Double ttl) {}

    /** A record and its condition: {@code absent}, {@code present}, a version or none. */
    record Conditional(Row row, @Nullable String condition) {}

    /** A result with the version of its point. */
    record Versioned(String id, float score, long version) {}

    /** A group, its value as text. */
    record Group(String value, List<Versioned> points) {}

    /** The counts of values as text, most frequent first. */
    record Counted(List<String> values, long distinct) {}

    /** How a search was done, as far as it does not depend on the time. */
    record Explained(List<Versioned> results, List<String> plan, long rows, long matches, List<String> unindexed) {}

    /** An order of a reading: {@code id}, {@code random}, {@code n} for a field or {@code -n} for it descending. */
    record Reading(String order, @Nullable String filter, int limit) {}

    /** A point of a reading. */
    record Read(String id, long version, String metadata) {}

    /** Makes a collection with indexes, each as {@code field:type}. */
    void create(String collection, int dimensions, Metric metric, List<String> indexes);

    void createIndex(String collection, String index);

    void dropIndex(String collection, String field);

    /** The indexes, each as {@code field:type:ready:rows}. */
    List<String> indexes(String collection);

    Written upsertIf(String collection, List<Conditional> records);

    Written delete(String collection, Target target);

    Written update(String collection, Target target, Change change);

    List<Versioned> searchVersions(String collection, Query query);

    Explained explain(String collection, Query query);

    List<Group> groups(String collection, Query query, String field, int groups, int size);

    Counted facet(String collection, String field, @Nullable String filter, int limit);

    long count(String collection, @Nullable String filter);

    List<Read> read(String collection, Reading reading);
}
