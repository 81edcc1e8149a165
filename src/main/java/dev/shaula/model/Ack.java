package dev.shaula.model;

/** What a write waits for before it is answered; each level includes the ones above it. */
public enum Ack {
    /** The log record is synced to disk. */
    DURABLE,
    /** Also published: every search that starts after the answer sees it. The default. */
    INDEXED
}
