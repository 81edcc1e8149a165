package dev.shaula.api.wire;

import dev.shaula.model.ScrollRequest;

/** What a request to scroll asks for. */
public sealed interface ScrollBody {
    /** A new reading, and its first page. */
    record First(ScrollRequest request, int limit) implements ScrollBody {}

    /** The page after the one that the cursor came with. */
    record Next(String cursor, int limit) implements ScrollBody {}

    /** The end, before the last page. */
    record Close(String cursor) implements ScrollBody {}
}
