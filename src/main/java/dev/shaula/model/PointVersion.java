package dev.shaula.model;

/**
 * The version of a point.
 *
 * @param version {@link Point#NO_VERSION} if there is no such point
 */
public record PointVersion(String id, long version) {}
